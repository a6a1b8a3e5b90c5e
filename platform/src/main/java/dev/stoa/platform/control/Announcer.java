package dev.stoa.platform.control;

import dev.stoa.api.LogLine;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.observe.LogStore;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.InstantSource;

/** Adds lines of the platform's own to the logs of apps. That one cannot be written stops nothing. */
record Announcer(LogStore logs, InstantSource clock) {
    private static final System.Logger LOG = System.getLogger(Announcer.class.getName());

    private static final String SOURCE = "stoa";

    void say(AppRow app, String text) {
        say(app, SOURCE, text);
    }

    /** @param source whom the line is about, such as {@code release.v3} */
    void say(AppRow app, String source, String text) {
        try {
            logs.append(app.name(), new LogLine(clock.instant(), source, text));
        } catch (UncheckedIOException e) {
            LOG.log(Level.WARNING, "cannot write to the log of an app app=" + app.name(), e);
        }
    }
}
