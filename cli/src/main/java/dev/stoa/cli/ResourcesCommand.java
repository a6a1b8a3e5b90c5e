package dev.stoa.cli;

import dev.stoa.api.Resource;
import dev.stoa.api.Resource.Attachment;
import dev.stoa.api.ResourceManifest;
import dev.stoa.api.ResourceRequests.KeptResource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "resources",
        description = {
            "List what apps are given, of all kinds: databases, buckets and so on, and which apps have it.",
            "With -a, what that app has."
        })
final class ResourcesCommand implements Callable<Integer> {
    private final Session session;

    @Option(names = "--orphans", description = "Only those that no app has.")
    private boolean orphans;

    @Option(names = "--destroyed", description = "Those that were destroyed and can still be had back.")
    private boolean destroyed;

    ResourcesCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        if (destroyed) {
            return listDestroyed();
        }
        List<Resource> shown = session.client().list(Client.path("resources"), Resource.class).stream()
                .filter(resource -> !orphans || resource.apps().isEmpty())
                .filter(resource -> !session.appNamed()
                        || resource.apps().stream()
                                .map(Attachment::app)
                                .anyMatch(app ->
                                        session.namedApp().filter(app::equals).isPresent()))
                .toList();
        Terminal terminal = session.terminal();
        terminal.show(shown, () -> {
            if (shown.isEmpty()) {
                terminal.line(orphans ? "There is none that no app has." : "No resources.");
                return;
            }
            Table table = new Table("KIND", "NAME", "STATE", "APPS");
            shown.forEach(resource -> table.row(resource.kind(), resource.name(), state(resource), users(resource)));
            table.print(terminal);
            if (orphans) {
                terminal.note("To destroy one, with its data: stoa %s destroy %s"
                        .formatted(
                                ResourceManifest.groupOf(shown.getFirst().kind()),
                                shown.getFirst().name()));
            }
        });
        return 0;
    }

    private int listDestroyed() {
        Terminal terminal = session.terminal();
        List<KeptResource> all = kept(session.client());
        terminal.show(all, () -> {
            if (all.isEmpty()) {
                terminal.line("Nothing is kept of what was destroyed.");
                return;
            }
            Table table = new Table("KIND", "NAME", "DESTROYED", "KEPT UNTIL", "TO HAVE IT BACK");
            all.forEach(kept -> table.row(
                    kept.kind(),
                    kept.name(),
                    kept.destroyedAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                    kept.until().truncatedTo(ChronoUnit.SECONDS).toString(),
                    restoring(kept)));
            table.print(terminal);
        });
        return 0;
    }

    /** What was destroyed and can still be had back, the latest first. */
    static List<KeptResource> kept(Client client) {
        return client.list(Client.path("kept-resources"), KeptResource.class);
    }

    /** The command that brings it back. */
    static String restoring(KeptResource kept) {
        return "stoa %s restore %s".formatted(ResourceManifest.groupOf(kept.kind()), kept.name());
    }

    private static String state(Resource resource) {
        return resource.state() + resource.reason().map(why -> ": " + why).orElse("");
    }

    static String users(Resource resource) {
        return resource.apps().isEmpty()
                ? "-"
                : resource.apps().stream()
                        .map(user -> "%s (as %s)".formatted(user.app(), user.as()))
                        .collect(Collectors.joining(", "));
    }
}
