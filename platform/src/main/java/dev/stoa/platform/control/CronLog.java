package dev.stoa.platform.control;

import dev.stoa.api.CronRun;
import dev.stoa.api.Json;
import dev.stoa.api.LogLine;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.observe.LogStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What each run of a scheduled job said: while it goes on in the app's log, then in a file of its own, which lives longer. */
final class CronLog {
    /** Of a run that says more, the end is kept. */
    static final int RUN_CHARS_MAX = 1 << 20;

    private final Home home;
    private final LogStore logs;

    CronLog(Home home, LogStore logs) {
        this.home = home;
        this.logs = logs;
    }

    /** Keeps what a run that has ended said, with how it ended as the last line if it did not succeed. */
    void keep(AppRow app, CronRun run) {
        List<LogLine> lines = new ArrayList<>(collected(app, run));
        // Output may have been collected only after the end.
        Instant end = Stream.concat(lines.stream().map(LogLine::time), run.finishedAt().stream())
                .max(Comparator.naturalOrder())
                .orElse(run.scheduledAt());
        run.reason().ifPresent(reason -> lines.add(new LogLine(end, "stoa", run.state() + ": " + reason)));
        try {
            Path file = file(app, run.id());
            Files.createDirectories(home.crons(app.name()));
            Files.write(file, lines.stream().map(Json::write).toList());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep the log of " + run.id(), e);
        }
    }

    List<LogLine> read(AppRow app, CronRun run) {
        try (Stream<String> lines = Files.lines(file(app, run.id()))) {
            return lines.map(line -> Json.read(line, LogLine.class)).toList();
        } catch (NoSuchFileException e) {
            List<LogLine> lines = new ArrayList<>(collected(app, run));
            run.reason()
                    .ifPresent(
                            reason -> lines.add(new LogLine(run.scheduledAt(), "stoa", run.state() + ": " + reason)));
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the log of " + run.id(), e);
        }
    }

    void delete(AppRow app, List<String> runs) {
        for (String run : runs) {
            try {
                Files.deleteIfExists(file(app, run));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot delete the log of " + run, e);
            }
        }
    }

    private List<LogLine> collected(AppRow app, CronRun run) {
        return run.startedAt()
                .map(since -> logs.ofInstance(app.name(), run.id(), since, RUN_CHARS_MAX))
                .orElse(List.of());
    }

    private Path file(AppRow app, String run) {
        return home.crons(app.name()).resolve(run + ".ndjson");
    }
}
