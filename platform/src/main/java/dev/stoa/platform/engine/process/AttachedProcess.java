package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.api.TerminalSize;
import dev.stoa.platform.engine.Attached;
import dev.stoa.platform.engine.Exit;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * A command behind a terminal, or behind the pipes of the process that started it.
 *
 * @param end ends whatever is left of it
 */
record AttachedProcess(Process process, Optional<Pty> terminal, Ending ending, Runnable end) implements Attached {
    /** Waits for the end. */
    @FunctionalInterface
    interface Ending {
        Exit await() throws InterruptedException;
    }

    /** @param uid of the user who is to own it, so that programs can open it again by name; negative for the platform's */
    static Pty open(TerminalSize size, int uid) {
        try {
            Pty pty = Pty.open(size);
            try {
                if (uid >= 0) {
                    java.nio.file.Files.setAttribute(pty.device(), "unix:uid", uid);
                }
                return pty;
            } catch (IOException | RuntimeException e) {
                pty.close();
                throw e;
            }
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the platform's machine gives no terminal: " + e.getMessage(),
                    "pass input and output as they are: --no-tty",
                    e);
        }
    }

    static Stdio stdio(Optional<Pty> terminal) {
        return terminal.<Stdio>map(pty -> new Stdio.Terminal(pty.device())).orElse(Stdio.PIPES);
    }

    @Override
    public InputStream output() {
        return terminal.map(Pty::output).orElseGet(process::getInputStream);
    }

    @Override
    public InputStream errors() {
        return terminal.isPresent() ? InputStream.nullInputStream() : process.getErrorStream();
    }

    @Override
    public OutputStream input() {
        return terminal.map(Pty::input).orElseGet(process::getOutputStream);
    }

    @Override
    public void resize(TerminalSize size) {
        try {
            if (terminal.isPresent()) {
                terminal.get().resize(size);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot resize a terminal", e);
        }
    }

    @Override
    public Exit await() throws InterruptedException {
        return ending.await();
    }

    @Override
    public void close() {
        try {
            end.run();
        } finally {
            terminal.ifPresent(Pty::close);
        }
    }
}
