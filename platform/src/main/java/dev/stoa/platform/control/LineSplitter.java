package dev.stoa.platform.control;

import java.util.function.Consumer;

/** Cuts text that comes in pieces into lines. */
final class LineSplitter {
    /** A longer line comes in parts. */
    static final int LINE_CHARS_MAX = 16 * 1024;

    private final Consumer<String> lines;
    private final StringBuilder line = new StringBuilder();

    LineSplitter(Consumer<String> lines) {
        this.lines = lines;
    }

    void accept(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\n') {
                line.append(c);
            }
            if (c == '\n' || line.length() == LINE_CHARS_MAX) {
                tell();
            }
        }
    }

    /** What is left is a line, too. */
    void end() {
        if (!line.isEmpty()) {
            tell();
        }
    }

    private void tell() {
        lines.accept(line.toString().stripTrailing());
        line.setLength(0);
    }
}
