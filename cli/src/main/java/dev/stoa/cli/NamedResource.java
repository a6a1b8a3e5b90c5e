package dev.stoa.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Parameters;

/** A command about a resource that is there. */
abstract class NamedResource implements Callable<Integer> {
    final Session session;

    @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
    private String name = "";

    NamedResource(Session session) {
        this.session = session;
    }

    final String name() {
        return name;
    }
}
