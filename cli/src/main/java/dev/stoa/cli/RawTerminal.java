package dev.stoa.cli;

import dev.stoa.api.TerminalSize;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The terminal of this process, given over to a program elsewhere: every key is passed on, Ctrl-C too, and nothing is shown
 * but what comes back. Close it, and the terminal is as it was; the end of the JVM does so, too.
 */
final class RawTerminal implements AutoCloseable {
    private final String before;
    private final Thread hook;

    private RawTerminal(String before) {
        this.before = before;
        this.hook = Threads.atEnd("terminal", this::restore);
    }

    /** Empty where stty cannot say how the terminal is now, as that could not be restored. */
    static Optional<RawTerminal> enter() {
        Optional<RawTerminal> terminal =
                stty("-g").map(String::strip).filter(mode -> !mode.isEmpty()).map(RawTerminal::new);
        terminal.ifPresent(raw -> {
            Runtime.getRuntime().addShutdownHook(raw.hook);
            Optional<String> _ = stty("raw", "-echo", "-iexten");
        });
        return terminal;
    }

    /** How large the terminal is; empty where it does not say. */
    static Optional<TerminalSize> size() {
        return stty("size").flatMap(said -> {
            String[] words = said.strip().split(" ", -1);
            try {
                int rows = Integer.parseInt(words[0]);
                int columns = Integer.parseInt(words[1]);
                return rows > 0 && columns > 0 ? Optional.of(new TerminalSize(columns, rows)) : Optional.empty();
            } catch (RuntimeException e) {
                return Optional.empty();
            }
        });
    }

    /** Calls back, from a thread of the JVM's, when the terminal has another size. */
    static void onResize(Runnable action) {
        try {
            // The class is the only way to a signal, and the compiler warns of it by its name.
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    RawTerminal.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (!method.getName().equals("handle")) {
                            throw new UnsupportedOperationException(method.getName());
                        }
                        action.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("WINCH"), proxy);
        } catch (ReflectiveOperationException | RuntimeException e) {
            // Without the signal the program keeps the size that it started with.
            return;
        }
    }

    private static Optional<String> stty(String... arguments) {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(arguments));
        try {
            Process stty = new ProcessBuilder(command)
                    .redirectInput(Redirect.INHERIT)
                    .redirectError(Redirect.DISCARD)
                    .start();
            String said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return stty.waitFor() == 0 ? Optional.of(said) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private void restore() {
        Optional<String> _ = stty(before);
    }

    @Override
    public void close() {
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The hook runs already, and does the same.
            return;
        }
    }
}
