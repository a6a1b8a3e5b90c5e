package dev.stoa.cli;

import picocli.CommandLine.Option;

/** How a command that runs on the platform is to be connected with this one. */
final class RemoteOptions {
    @Option(
            names = {"-t", "--tty"},
            description = "Give it a terminal, even where this command has none.")
    private boolean tty;

    @Option(
            names = {"-T", "--no-tty"},
            description = "Give it pipes, even where this command has a terminal.")
    private boolean noTty;

    @Option(
            names = {"-n", "--no-input"},
            description = "Do not pass on what this command reads.")
    private boolean noInput;

    boolean tty() {
        return tty;
    }

    Remote.Wish wish(Terminal terminal) {
        return Remote.Wish.of(terminal, tty, noTty, noInput);
    }
}
