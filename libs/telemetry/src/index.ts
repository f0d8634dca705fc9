export { createLogger, logLevels, silentLogger, type LogFields, type Logger, type LogLevel } from './logger.ts';
