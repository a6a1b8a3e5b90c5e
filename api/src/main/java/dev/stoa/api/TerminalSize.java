package dev.stoa.api;

/** How large a terminal is, in characters. */
public record TerminalSize(int columns, int rows) {
    /** Of a terminal that does not say. */
    public static final TerminalSize USUAL = new TerminalSize(80, 24);

    private static final int MAX = 10_000;

    public TerminalSize {
        if (columns < 1 || rows < 1 || columns > MAX || rows > MAX) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "a terminal cannot have %d columns and %d rows".formatted(columns, rows),
                    "each is a number from 1 to %d, such as 80 and 24".formatted(MAX));
        }
    }
}
