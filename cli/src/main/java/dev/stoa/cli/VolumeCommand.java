package dev.stoa.cli;

import dev.stoa.api.MemorySize;
import dev.stoa.api.Resource;
import dev.stoa.api.VolumeRequests.Change;
import dev.stoa.api.VolumeRequests.Restore;
import dev.stoa.api.VolumeRequests.Restored;
import dev.stoa.api.VolumeRequests.Take;
import dev.stoa.api.VolumeSnapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "volume", description = "List the volumes. Folders of apps that outlive their instances.")
final class VolumeCommand implements Callable<Integer> {
    static final ResourceCommand.Kind KIND =
            new ResourceCommand.Kind("volume", "volume", List.of("path", "size", "quota", "shared", "snapshots"));

    private final Session session;

    private VolumeCommand(Session session) {
        this.session = session;
    }

    /** With what can be done with one of them. */
    static CommandLine line(Session session) {
        CommandLine line = new CommandLine(new VolumeCommand(session))
                .addSubcommand(new CreateOne(session))
                .addSubcommand(new ChangeOne(session))
                .addSubcommand(new TakeSnapshot(session))
                .addSubcommand(new Snapshots(session))
                .addSubcommand(new RestoreOne(session))
                .addSubcommand(new Forget(session))
                .addSubcommand(new VolumeFilesCommands.ListFiles(session))
                .addSubcommand(new VolumeFilesCommands.Copy(session));
        return ResourceCommand.with(line, session, KIND);
    }

    private static String path(Session session, String name, String what) {
        return Client.path("volumes", name) + what + ResourceCommand.asking(session);
    }

    @Override
    public Integer call() {
        return new ResourceCommand.ListAll(session, KIND).call();
    }

    @Command(
            name = "create",
            description = "Make a volume. With -a APP, give it to that app, whose instances start anew.")
    static final class CreateOne extends NewResource {
        @Option(
                names = "--path",
                paramLabel = "PATH",
                required = true,
                description = "Where the app finds it, such as /data.")
        private String path = "";

        @Option(names = "--quota", paramLabel = "SIZE", description = "What its files may have together, such as 10GB.")
        private Optional<String> quota = Optional.empty();

        @Option(names = "--shared", description = "Several instances may write to it at once.")
        private boolean shared;

        @Option(
                names = "--process",
                paramLabel = "TYPE",
                description = "The process type that has it; web unless told, or with --shared all.")
        private Optional<String> process = Optional.empty();

        CreateOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("path", path);
            quota.ifPresent(value -> settings.put("quota", value));
            process.ifPresent(value -> settings.put("process", value));
            if (shared) {
                settings.put("shared", "true");
            }
            return create(KIND, settings);
        }
    }

    @Command(name = "change", description = "Give a volume another quota, or one writer or several.")
    static final class ChangeOne extends NamedResource {
        @Option(names = "--quota", paramLabel = "SIZE", description = "Such as 10GB; none for none.")
        private Optional<String> quota = Optional.empty();

        @Option(names = "--shared", negatable = true, description = "Whether several instances may write at once.")
        private Optional<Boolean> shared = Optional.empty();

        ChangeOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Resource changed =
                    session.client().patch(path(session, name(), ""), new Change(quota, shared), Resource.class);
            session.terminal().show(changed, () -> ResourceCommand.show(session.terminal(), changed));
            return 0;
        }
    }

    @Command(
            name = "snapshot",
            description =
                    "Keep what a volume holds now. Its instances stand still for a moment, with --stop they stop.")
    static final class TakeSnapshot extends NamedResource {
        @Option(names = "--stop", description = "End the app's instances, and start them again when it is taken.")
        private boolean stop;

        TakeSnapshot(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            VolumeSnapshot taken =
                    session.client().post(path(session, name(), "/snapshots"), new Take(stop), VolumeSnapshot.class);
            session.terminal()
                    .show(
                            taken,
                            () -> session.terminal()
                                    .line("Took the snapshot %s: %s, %s."
                                            .formatted(
                                                    taken.name(), MemorySize.shown(taken.sizeBytes()), taken.how())));
            return 0;
        }
    }

    @Command(name = "snapshots", description = "List the snapshots of a volume, newest first.")
    static final class Snapshots extends NamedResource {
        Snapshots(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            List<VolumeSnapshot> all = session.client().list(path(session, name(), "/snapshots"), VolumeSnapshot.class);
            terminal.show(all, () -> {
                if (all.isEmpty()) {
                    terminal.line("No snapshots. To take one: stoa volume snapshot " + name());
                    return;
                }
                Table table = new Table("SNAPSHOT", "TAKEN", "SIZE", "HOW");
                all.forEach(snapshot -> table.row(
                        snapshot.name(),
                        snapshot.takenAt().toString(),
                        MemorySize.shown(snapshot.sizeBytes()),
                        snapshot.how()));
                table.print(terminal);
            });
            return 0;
        }
    }

    @Command(
            name = "restore",
            description =
                    "Put a snapshot back, while the app's instances are stopped; with --as, into a new volume. Without"
                            + " a snapshot: have back a volume that was destroyed in the last 30 days.")
    static final class RestoreOne extends NamedResource {
        @Parameters(index = "1", arity = "0..1", paramLabel = "SNAPSHOT", description = "As the list has it.")
        private Optional<String> snapshot = Optional.empty();

        @Option(names = "--as", paramLabel = "NEW", description = "Of a new volume, which no app has yet.")
        private Optional<String> as = Optional.empty();

        RestoreOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            Restored restored =
                    session.client().post(path(session, name(), "/restore"), new Restore(snapshot, as), Restored.class);
            String into = restored.volume().name();
            terminal.show(restored, () -> {
                terminal.line(snapshot.map(name -> "Restored %s from the snapshot %s.".formatted(into, name))
                        .orElse("The volume %s is back.".formatted(into)));
                restored.before()
                        .ifPresent(before ->
                                terminal.line("  What it held before is the snapshot " + before.name() + "."));
                if (restored.volume().apps().isEmpty()) {
                    terminal.line("  To give it to an app: stoa volume attach %s -a APP".formatted(into));
                }
            });
            return 0;
        }
    }

    @Command(name = "forget", description = "Delete a snapshot.")
    static final class Forget extends NamedResource {
        @Parameters(index = "1", paramLabel = "SNAPSHOT", description = "As the list has it.")
        private String snapshot = "";

        Forget(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            session.client().delete(path(session, name(), "/snapshots/" + Client.escape(snapshot)));
            session.terminal()
                    .show(
                            Map.of("forgotten", snapshot),
                            () -> session.terminal().line("Deleted the snapshot %s.".formatted(snapshot)));
            return 0;
        }
    }
}
