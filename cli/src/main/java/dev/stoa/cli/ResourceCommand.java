package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Resource;
import dev.stoa.api.Resource.Attachment;
import dev.stoa.api.ResourceRequests.Attach;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.ResourceRequests.Detach;
import dev.stoa.api.ResourceRequests.KeptResource;
import dev.stoa.api.ResourceRequests.Url;
import dev.stoa.api.StoaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What can be done with the resources of every kind, for a group of commands of one kind such as {@code stoa db}. */
final class ResourceCommand {
    private ResourceCommand() {}

    /**
     * The kind that a group is about.
     *
     * @param kind    such as {@code database}
     * @param group   such as {@code db}
     * @param columns the facts that a list shows
     */
    record Kind(String kind, String group, List<String> columns) {
        Kind {
            columns = List.copyOf(columns);
        }

        String path(String... more) {
            List<String> parts = new ArrayList<>(List.of("resources", kind));
            parts.addAll(List.of(more));
            return Client.path(parts.toArray(new String[0]));
        }
    }

    /** Adds list, info, attach, detach and destroy; create is the kind's own, since its options are. */
    static CommandLine with(CommandLine group, Session session, Kind kind) {
        return with(group, session, kind, new Destroy(session, kind));
    }

    static CommandLine with(CommandLine group, Session session, Kind kind, Destroy destroy) {
        return group.addSubcommand(new ListAll(session, kind))
                .addSubcommand(new Info(session, kind))
                .addSubcommand(new AttachTo(session, kind))
                .addSubcommand(new DetachFrom(session, kind))
                .addSubcommand(destroy);
    }

    /** The query that says by whose name a resource is called; nothing where no app was named. */
    static String asking(Session session) {
        Optional<String> app = session.namedApp();
        return app.map(name -> "?app=" + name).orElse("");
    }

    static int create(
            Session session,
            Kind kind,
            String name,
            Map<String, String> settings,
            Optional<String> app,
            Optional<String> as) {
        Changed made = session.client().post(kind.path(), new Create(name, settings, app, as), Changed.class);
        return report(session, made, "Made the %s %s.".formatted(kind.kind(), name));
    }

    static void refuseLoneName(Optional<String> app, Optional<String> as) {
        if (app.isEmpty() && as.isPresent()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "--as %s says how an app is to call it, and no app was named".formatted(as.get()),
                    "name the app: -a APP, or leave --as out");
        }
    }

    /** Says what was done, and stays until every app has it. */
    static int report(Session session, Changed changed, String done) {
        Terminal terminal = session.terminal();
        for (Deploy deploy : changed.deploys()) {
            Change.follow(session, deploy, "%s on %s".formatted(deploy.description(), deploy.app()));
        }
        terminal.show(changed.resource(), () -> {
            terminal.line(done);
            changed.resource().apps().forEach(app -> terminal.line(given(app)));
        });
        return 0;
    }

    private static String given(Attachment app) {
        return "  %s has %s".formatted(app.app(), app.vars().isEmpty() ? "it" : String.join(", ", app.vars()));
    }

    static void show(Terminal terminal, Resource resource) {
        terminal.line(terminal.paint(Terminal.Colour.BOLD, resource.name()));
        fact(
                terminal,
                "state",
                resource.state() + resource.reason().map(why -> ": " + why).orElse(""));
        new TreeMap<>(resource.settings()).forEach((name, value) -> fact(terminal, name, value));
        resource.facts().forEach((name, value) -> fact(terminal, name, value));
        fact(
                terminal,
                "apps",
                resource.apps().isEmpty()
                        ? "none"
                        : resource.apps().stream()
                                .map(app ->
                                        "%s as %s (%s)".formatted(app.app(), app.as(), String.join(", ", app.vars())))
                                .collect(Collectors.joining("; ")));
        fact(terminal, "made", resource.createdAt().toString());
    }

    private static void fact(Terminal terminal, String name, String value) {
        terminal.line("  " + terminal.paint(Terminal.Colour.DIM, "%-13s".formatted(name)) + " " + value);
    }

    @Command(name = "list", description = "List all of them, and which apps have them.")
    static final class ListAll implements Callable<Integer> {
        private final Session session;
        private final Kind kind;

        ListAll(Session session, Kind kind) {
            this.session = session;
            this.kind = kind;
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            List<Resource> all = session.client().list(kind.path(), Resource.class);
            terminal.show(all, () -> {
                if (all.isEmpty()) {
                    terminal.line("No %ss. To make one: stoa %s create NAME".formatted(kind.kind(), kind.group()));
                    return;
                }
                List<String> header = new ArrayList<>(List.of("NAME", "STATE"));
                kind.columns().forEach(column -> header.add(column.toUpperCase(Locale.ROOT)));
                header.add("APPS");
                Table table = new Table(header.toArray(new String[0]));
                all.forEach(resource -> table.row(cells(resource)));
                table.print(terminal);
            });
            return 0;
        }

        private String[] cells(Resource resource) {
            List<String> cells = new ArrayList<>(List.of(resource.name(), resource.state()));
            kind.columns()
                    .forEach(column -> cells.add(Optional.ofNullable(
                                    resource.facts().get(column))
                            .or(() -> Optional.ofNullable(resource.settings().get(column)))
                            .orElse("-")));
            cells.add(
                    resource.apps().isEmpty()
                            ? "-"
                            : resource.apps().stream().map(Attachment::app).collect(Collectors.joining(", ")));
            return cells.toArray(new String[0]);
        }
    }

    @Command(name = "info", description = "Show one of them closely.")
    static final class Info extends NamedResource {
        private final Kind kind;

        Info(Session session, Kind kind) {
            super(session);
            this.kind = kind;
        }

        @Override
        public Integer call() {
            Resource resource = session.client().get(kind.path(name()) + asking(session), Resource.class);
            session.terminal().show(resource, () -> show(session.terminal(), resource));
            return 0;
        }
    }

    @Command(name = "url", description = "Print its URL, with its password, as one line that its tools take.")
    static final class PrintUrl extends NamedResource {
        private final Kind kind;

        PrintUrl(Session session, Kind kind) {
            super(session);
            this.kind = kind;
        }

        @Override
        public Integer call() {
            Url url = session.client().get(kind.path(name(), "url") + asking(session), Url.class);
            session.terminal().show(url, () -> session.terminal().line(url.url()));
            return 0;
        }
    }

    @Command(name = "attach", description = "Give it to an app, which gets a release with its config vars.")
    static final class AttachTo implements Callable<Integer> {
        private final Session session;
        private final Kind kind;

        @Parameters(paramLabel = "NAME", description = "As the list has it.")
        private String name = "";

        @Option(
                names = "--as",
                paramLabel = "NAME",
                description = "How the app is to call it; its own name unless told.")
        private Optional<String> as = Optional.empty();

        AttachTo(Session session, Kind kind) {
            this.session = session;
            this.kind = kind;
        }

        @Override
        public Integer call() {
            return session.withApp((client, app) -> report(
                    session,
                    client.post(kind.path(name, "attach"), new Attach(app.value(), as), Changed.class),
                    "Attached %s.".formatted(name)));
        }
    }

    @Command(name = "detach", description = "Take it from an app, which gets a release without it. Its data stays.")
    static final class DetachFrom extends NamedResource {
        private final Kind kind;

        DetachFrom(Session session, Kind kind) {
            super(session);
            this.kind = kind;
        }

        @Override
        public Integer call() {
            return session.withApp((client, app) -> report(
                    session,
                    client.post(kind.path(name(), "detach"), new Detach(app.value()), Changed.class),
                    "Detached %s.".formatted(name())));
        }
    }

    @Command(name = "destroy", description = "Destroy one that no app has, with its data.")
    static class Destroy extends NamedResource {
        private final Kind kind;

        @Option(
                names = "--confirm",
                paramLabel = "NAME",
                description = "The name again, instead of being asked for it.")
        private Optional<String> confirm = Optional.empty();

        Destroy(Session session, Kind kind) {
            super(session);
            this.kind = kind;
        }

        /** What else the platform has to be told, with its question mark. */
        String query() {
            return "";
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            // Before asking: there may be none of the name, or an app may have it.
            Resource resource = session.client().get(kind.path(name()) + asking(session), Resource.class);
            if (!resource.apps().isEmpty()) {
                throw new StoaException(
                        ErrorCode.RESOURCE_IN_USE,
                        "the %s %s is used by %s, and was not destroyed"
                                .formatted(
                                        kind.kind(),
                                        resource.name(),
                                        resource.apps().stream()
                                                .map(Attachment::app)
                                                .collect(Collectors.joining(", "))),
                        resource.apps().stream()
                                .map(app -> "take it from the app first: stoa %s detach %s -a %s"
                                        .formatted(kind.group(), resource.name(), app.app()))
                                .collect(Collectors.joining("\n")));
            }
            String said = confirm.or(() -> asked(terminal, resource.name()))
                    .orElseThrow(() -> new StoaException(
                            ErrorCode.BAD_REQUEST,
                            "before %s is destroyed with its data, its name is asked for".formatted(resource.name()),
                            "to go on: stoa %s destroy %s --confirm %s"
                                    .formatted(kind.group(), resource.name(), resource.name())));
            if (!said.strip().equals(resource.name())) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "\"%s\" is not the name of the %s, which is %s; nothing was destroyed"
                                .formatted(said.strip(), kind.kind(), resource.name()),
                        "");
            }
            List<KeptResource> before = kept(resource.name());
            session.client().delete(kind.path(resource.name()) + query());
            terminal.show(Map.of("destroyed", resource.name()), () -> {
                terminal.line("Destroyed %s.".formatted(resource.name()));
                kept(resource.name()).stream()
                        .filter(one -> !before.contains(one))
                        .forEach(one -> terminal.line("  What it held is kept for %d days; to have it back: %s"
                                .formatted(
                                        Duration.between(one.destroyedAt(), one.until())
                                                .toDays(),
                                        ResourcesCommand.restoring(one))));
            });
            return 0;
        }

        /** Of those that were destroyed by that name. */
        private List<KeptResource> kept(String name) {
            return ResourcesCommand.kept(session.client()).stream()
                    .filter(one -> one.kind().equals(kind.kind()) && one.name().equals(name))
                    .toList();
        }

        private Optional<String> asked(Terminal terminal, String exact) {
            return terminal.asks()
                    ? terminal.ask(
                            "This destroys the %s %s with its data. Its name, to go on: ".formatted(kind.kind(), exact))
                    : Optional.empty();
        }
    }
}
