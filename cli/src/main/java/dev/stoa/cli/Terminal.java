package dev.stoa.cli;

import dev.stoa.api.Json;
import dev.stoa.api.Problem;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a command speaks. stdout carries what was asked for, and with {@code --json} exactly one JSON document; stderr
 * carries errors, and with {@code --json} everything that is for people.
 */
final class Terminal {
    private final PrintStream out;
    private final PrintStream err;
    private final InputStream in;
    private final Set<String> ttys;
    private final boolean colours;
    private boolean json;

    /** @param ttys which of {@code in}, {@code out} and {@code err} are a terminal */
    Terminal(PrintStream out, PrintStream err, InputStream in, Set<String> ttys, boolean colours) {
        this.out = out;
        this.err = err;
        this.in = in;
        this.ttys = Set.copyOf(ttys);
        this.colours = colours;
    }

    /** The process's own. The launcher says what is a terminal: to ask the JVM would load its whole console. */
    static Terminal ofProcess() {
        Set<String> ttys = Set.of(System.getProperty("stoa.ttys", "none").split(",", -1));
        String noColor = System.getenv("NO_COLOR");
        boolean colours = (noColor == null || noColor.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
        return new Terminal(utf8(FileDescriptor.out), utf8(FileDescriptor.err), System.in, ttys, colours);
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }

    void json(boolean on) {
        json = on;
    }

    boolean json() {
        return json;
    }

    /** Whether a person can be asked something. */
    boolean asks() {
        return ttys.contains("in") && ttys.contains("err");
    }

    /** Whether a person looks at what is printed. */
    boolean watched() {
        return ttys.contains("out");
    }

    /** Whether a person types. */
    boolean typed() {
        return ttys.contains("in");
    }

    /** Whether a person types, and looks at what is printed. */
    boolean conversational() {
        return typed() && watched();
    }

    InputStream in() {
        return in;
    }

    /** Prints what a program somewhere else wrote, as it is. */
    void pass(byte[] bytes, boolean errors) {
        PrintStream stream = errors || json ? err : out;
        stream.write(bytes, 0, bytes.length);
        stream.flush();
    }

    /** A result: the document for {@code --json}, the text otherwise. */
    void show(Object document, Runnable text) {
        if (json) {
            write(out, Json.write(document) + "\n");
        } else {
            text.run();
        }
    }

    /** A line of the result, or one that says how things go. */
    void line(String text) {
        print(text + "\n");
    }

    /** The same without an end of line. */
    void print(String text) {
        write(json ? err : out, text);
    }

    /** A line that is never part of the result. */
    void note(String text) {
        write(err, text + "\n");
    }

    void error(Problem problem) {
        write(err, Colour.RED.paint("error: ", colours && ttys.contains("err")) + problem.detail() + "\n");
        for (String hint : problem.hint().lines().toList()) {
            write(err, "  " + hint + "\n");
        }
        if (json) {
            write(out, Json.write(Map.of("error", problem)) + "\n");
        }
    }

    /** Says that a line is waited for. */
    void prompt(String words) {
        write(err, words);
    }

    /** Asks, and reads a line; empty at the end of input. */
    Optional<String> ask(String question) {
        write(err, question);
        try {
            return Optional.ofNullable(
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What stands on stdin up to its end or an empty line. */
    List<String> input() {
        return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                .lines()
                .takeWhile(line -> !line.isEmpty())
                .toList();
    }

    String paint(Colour colour, String text) {
        return colour.paint(text, colours && ttys.contains(json ? "err" : "out"));
    }

    private static void write(PrintStream stream, String text) {
        stream.print(text);
        stream.flush();
    }

    /** The colours in use, as ANSI codes. */
    enum Colour {
        RED("31"),
        GREEN("32"),
        YELLOW("33"),
        BLUE("34"),
        MAGENTA("35"),
        CYAN("36"),
        BOLD("1"),
        DIM("2");

        private final String code;

        Colour(String code) {
            this.code = code;
        }

        private String paint(String text, boolean on) {
            return on ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
        }
    }
}
