package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.RunEvent;
import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A command that the platform runs, connected to this process: its terminal, or its pipes. */
final class Remote {
    private static final int INPUT_BYTES_MAX = 64 * 1024;

    private final Session session;
    private final Client client;
    private final AppName app;
    private final Wish wish;
    private final Optional<Pipes> pipes;

    /** Of the command, once it has started. */
    private volatile String id = "";

    private String release = "";
    private Optional<RawTerminal> raw = Optional.empty();

    Remote(Session session, Client client, AppName app, Wish wish) {
        this(session, client, app, wish, Optional.empty());
    }

    /** One whose input and output are not this process's own, and which says nothing of itself. */
    Remote(Session session, Client client, AppName app, Wish wish, Pipes pipes) {
        this(session, client, app, wish, Optional.of(pipes));
    }

    private Remote(Session session, Client client, AppName app, Wish wish, Optional<Pipes> pipes) {
        this.session = session;
        this.client = client;
        this.app = app;
        this.wish = wish;
        this.pipes = pipes;
    }

    /** Neither is closed. */
    record Pipes(InputStream in, OutputStream out) {}

    /**
     * What the user wants of the connection.
     *
     * @param terminal whether the command gets one
     * @param input    whether it gets what this process reads
     */
    record Wish(boolean terminal, boolean input) {
        /** A terminal where this process has one for input and output, unless the user says otherwise. */
        static Wish of(Terminal terminal, boolean forced, boolean refused, boolean noInput) {
            if (forced && refused) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST, "--tty and --no-tty exclude each other", "use one of them");
            }
            boolean usual = terminal.conversational() && !terminal.json() && !noInput;
            return new Wish(forced || (usual && !refused), !noInput);
        }

        Optional<TerminalSize> size(Terminal own) {
            return terminal
                    ? Optional.of((own.typed() ? RawTerminal.size() : Optional.<TerminalSize>empty())
                            .orElse(TerminalSize.USUAL))
                    : Optional.empty();
        }

        Optional<String> type(Environment environment) {
            return terminal ? environment.variable("TERM") : Optional.empty();
        }
    }

    /** Starts it by a POST to the path, and gives its exit status. */
    int run(String path, Object request) {
        // Hooks run side by side, so the terminal is restored even where the platform does not answer.
        try (OnInterrupt _ = new OnInterrupt(this::end);
                Lines<RunEvent> events = client.postForLines(path, request, RunEvent.class)) {
            return follow(events);
        } finally {
            raw.ifPresent(RawTerminal::close);
        }
    }

    private int follow(Lines<RunEvent> events) {
        Terminal terminal = session.terminal();
        for (Optional<RunEvent> next = events.next(); next.isPresent(); next = events.next()) {
            switch (next.get()) {
                case RunEvent.Started started -> start(started);
                case RunEvent.Output output -> pass(output.text().getBytes(StandardCharsets.UTF_8), false);
                case RunEvent.Errors errors -> terminal.pass(errors.text().getBytes(StandardCharsets.UTF_8), true);
                case RunEvent.Bytes bytes -> pass(Base64.getDecoder().decode(bytes.base64()), bytes.errors());
                case RunEvent.Exit exit -> {
                    raw.ifPresent(RawTerminal::close);
                    raw = Optional.empty();
                    if (pipes.isEmpty()) {
                        terminal.show(Map.of("id", id, "release", release, "status", exit.status()), () -> {});
                    }
                    return exit.status();
                }
            }
        }
        throw new StoaException(
                ErrorCode.CONNECTION_LOST,
                "the platform ended the stream before the command in %s ended".formatted(app),
                "the command ends with the connection; see: stoa logs -a " + app);
    }

    private void pass(byte[] bytes, boolean errors) {
        if (errors || pipes.isEmpty()) {
            session.terminal().pass(bytes, errors);
            return;
        }
        try {
            pipes.get().out().write(bytes);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST, "what the command said cannot be taken: " + Reason.of(e), "", e);
        }
    }

    private void start(RunEvent.Started started) {
        id = started.id();
        release = started.release();
        if (wish.terminal() && session.terminal().typed()) {
            raw = RawTerminal.enter();
            AtomicBoolean telling = new AtomicBoolean();
            RawTerminal.onResize(() -> {
                if (telling.compareAndSet(false, true)) {
                    Threads.start("resize", () -> {
                        telling.set(false);
                        resize();
                    });
                }
            });
        }
        if (wish.input()) {
            Threads.startBlocking("input", this::passInput);
        }
    }

    private synchronized void resize() {
        try {
            RawTerminal.size().ifPresent(size -> client.tell(path("size"), size));
        } catch (StoaException e) {
            // The stream of events says what there is to say about the connection.
            return;
        }
    }

    /** One request after the other, so that the order is kept; what is typed meanwhile goes with the next. */
    private void passInput() {
        byte[] buffer = new byte[INPUT_BYTES_MAX];
        try {
            InputStream in = pipes.map(Pipes::in).orElseGet(session.terminal()::in);
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                client.send(path("input"), Arrays.copyOf(buffer, read));
            }
            client.send(path("input") + "?end=true", new byte[0]);
        } catch (IOException | StoaException e) {
            // It has ended, or the connection broke, of which the stream of events knows more.
            return;
        }
    }

    private String path(String part) {
        return Client.path("apps", app.value(), "runs", id, part);
    }

    private void end() {
        // Without an id it has not started, and the end of the connection is enough.
        if (!id.isEmpty()) {
            client.delete(Client.path("apps", app.value(), "runs", id));
        }
    }
}
