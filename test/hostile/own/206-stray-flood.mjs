// @title a million errors that nobody catches, with long texts
// @class flood
export default async () => {
  const text = 'x'.repeat(1e5)
  for (let i = 0; i < 1e6; i++) void Promise.reject(new Error(text + i))
  for (let i = 0; i < 5000; i++) {
    setTimeout(() => {
      throw new Error(text + i)
    }, 1)
  }
  return { thrown: 1e6 }
}
