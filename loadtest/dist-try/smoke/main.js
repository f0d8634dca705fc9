import { parseSmokeArguments, usage } from './arguments.js';
import { runSmoke } from './run.js';
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
async function main(smoke) {
    const say = (line) => void process.stderr.write(`smoke: ${line}\n`);
    try {
        const summary = await runSmoke(smoke, say);
        for (const fault of summary.failed ?? [])
            say(fault);
        process.stdout.write(`${smoke.json ? JSON.stringify(summary) : JSON.stringify(summary, undefined, 2)}\n`);
        return summary.ok ? 0 : EXIT_FAILED;
    }
    catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        say(why);
        if (smoke.json)
            process.stdout.write(`${JSON.stringify({ ok: false, failed: [why] })}\n`);
        return EXIT_FAILED;
    }
}
const parsed = parseSmokeArguments(process.argv.slice(2));
switch (parsed.kind) {
    case 'run':
        process.exitCode = await main(parsed.smoke);
        break;
    case 'help':
        process.stdout.write(`${usage}\n`);
        break;
    case 'refused':
        process.stderr.write(`smoke: ${parsed.why}\n\n${usage}\n`);
        process.exitCode = EXIT_USAGE;
}
//# sourceMappingURL=main.js.map