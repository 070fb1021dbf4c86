export type { PluginExtension } from './extensions.ts'
