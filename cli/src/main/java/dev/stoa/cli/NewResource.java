package dev.stoa.cli;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A command that makes or adds a resource, and with -a gives it to an app. */
abstract class NewResource implements Callable<Integer> {
    final Session session;

    @Parameters(paramLabel = "NAME", description = "Such as main.")
    private String name = "";

    @Option(names = "--as", paramLabel = "NAME", description = "How the app is to call it; its own name unless told.")
    private Optional<String> as = Optional.empty();

    NewResource(Session session) {
        this.session = session;
    }

    final String name() {
        return name;
    }

    final Optional<String> as() {
        return as;
    }

    /** The app that gets it, if one was named; a name for it is of no use without one. */
    final Optional<String> app() {
        Optional<String> app = session.appNamed() ? session.namedApp() : Optional.empty();
        ResourceCommand.refuseLoneName(app, as);
        return app;
    }

    final int create(ResourceCommand.Kind kind, Map<String, String> settings) {
        return ResourceCommand.create(session, kind, name, settings, app(), as);
    }
}
