package dev.stoa.platform.engine.process;

import java.nio.file.Path;

/** Where the standard streams of a command lead. */
sealed interface Stdio {
    /** Output goes to the instance's file, and there is nothing to read. */
    record Logged() implements Stdio {}

    /** Each to a pipe of the platform's. */
    record Pipes() implements Stdio {}

    /** All to a terminal, which becomes the command's own. */
    record Terminal(Path device) implements Stdio {}

    Stdio LOGGED = new Logged();
    Stdio PIPES = new Pipes();
}
