package dev.stoa.platform.control;

import dev.stoa.api.TimeSpan;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.engine.Engine;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Runs the commands around a release, in its slug and environment. What they print is said by the deploy, and stays in the
 * app's log under a source such as {@code release.v3}.
 */
final class ReleaseCommands {
    /** So much of what a command prints is kept; one that prints more is not heard any further. */
    static final long SAID_CHARS_MAX = 8 << 20;

    /** A line costs more than its characters. */
    private static final long LINE_CHARS = 64;

    private final Engine engine;
    private final LaunchOrder launchOrder;
    private final Announcer announcer;
    private final Ids ids;

    ReleaseCommands(Engine engine, LaunchOrder launchOrder, Announcer announcer, Ids ids) {
        this.engine = engine;
        this.launchOrder = launchOrder;
        this.announcer = announcer;
        this.ids = ids;
    }

    /**
     * Runs a command to its end.
     *
     * @param name    of its kind, such as {@code release}
     * @param longest after this it is ended
     * @return how it went wrong, as the end of a sentence; nothing when its exit status is 0
     * @throws InterruptedException when the deploy is cancelled; the command has ended then
     */
    Optional<String> run(
            AppRow app,
            ReleaseRow release,
            BuildRow build,
            String name,
            String command,
            Duration longest,
            Consumer<String> say)
            throws InterruptedException {
        String source = name + "." + release.name();
        Redaction redaction = new Redaction(launchOrder.config(app, release));
        Bound bound = new Bound(line -> {
            say.accept("       " + line);
            announcer.say(app, source, line);
        });
        announcer.say(app, source, "runs: " + redaction.apply(command));
        LineSplitter lines = new LineSplitter(line -> bound.accept(redaction.apply(line)));
        OneOff.End end = new OneOff(engine)
                .run(launchOrder.oneOff(name + "-" + ids.next(), app, release, build, command), longest, lines::accept);
        lines.end();
        Optional<String> problem = end.late()
                ? Optional.of("took longer than %s and was ended".formatted(TimeSpan.spoken(longest)))
                : end.exit().status() == 0
                        ? Optional.empty()
                        : Optional.of(end.exit().describe());
        announcer.say(app, source, problem.orElse("done"));
        return problem;
    }

    private static final class Bound implements Consumer<String> {
        private final Consumer<String> lines;
        private long said;

        Bound(Consumer<String> lines) {
            this.lines = lines;
        }

        @Override
        public void accept(String line) {
            long before = said;
            said += line.length() + LINE_CHARS;
            if (said <= SAID_CHARS_MAX) {
                lines.accept(line);
            } else if (before <= SAID_CHARS_MAX) {
                lines.accept("(the command prints too much; the rest is left out)");
            }
        }
    }
}
