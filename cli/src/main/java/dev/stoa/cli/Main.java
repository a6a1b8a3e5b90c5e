package dev.stoa.cli;

/** The program {@code stoa}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(new Cli(Environment.ofProcess(), Terminal.ofProcess()).run(args));
    }
}
