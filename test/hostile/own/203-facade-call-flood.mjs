// @title a million calls of every facade, none of them awaited
// @class flood
export default async ({ context, probe }) => {
  let [asked, refused] = [0, 0]
  const quiet = (made) => {
    asked++
    Promise.resolve(made).catch(() => refused++)
  }
  for (let i = 0; i < 1e6; i++) {
    quiet(fetch(`http://127.0.0.1:${probe.tcpPort}/${i}`))
    quiet(context.files?.stat('a'))
    quiet(context.secrets?.get('a'))
    quiet(context.connect?.({ host: '127.0.0.1', port: probe.tcpPort }))
  }
  return { asked, refused }
}
