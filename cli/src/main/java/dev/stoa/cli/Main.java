package dev.stoa.cli;

/** The program {@code stoa}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // Names below localhost lead to this machine, whatever its resolver knows of them: see ObjectTransfer.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
        System.exit(new Cli(Environment.ofProcess(), Terminal.ofProcess()).run(args));
    }
}
