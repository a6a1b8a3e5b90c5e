package dev.stoa.cli;

import dev.stoa.api.BackupRequests.Backup;
import dev.stoa.api.BackupRequests.Backups;
import dev.stoa.api.BackupRequests.Fork;
import dev.stoa.api.BackupRequests.Place;
import dev.stoa.api.BackupRequests.Promote;
import dev.stoa.api.BackupRequests.RecoveryKey;
import dev.stoa.api.BackupRequests.Restore;
import dev.stoa.api.BackupRequests.RestoreFrom;
import dev.stoa.api.BackupRequests.Work;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What can be done with the backups of databases. */
final class DbBackupCommands {
    private DbBackupCommands() {}

    static CommandLine with(CommandLine group, Session session) {
        return group.addSubcommand(new BackUp(session))
                .addSubcommand(new ListBackups(session))
                .addSubcommand(new BackUpTo(session))
                .addSubcommand(new ShowKey(session))
                .addSubcommand(new RestoreOne(session))
                .addSubcommand(new ForkOne(session))
                .addSubcommand(new PromoteOne(session))
                .addSubcommand(new DbUpgradeCommand(session))
                .addSubcommand(new DbDumpCommands.Dump(session))
                .addSubcommand(new DbDumpCommands.Load(session));
    }

    /** Waits for the end, however long that takes, and returns what came of it. */
    static String result(Session session, Work begun) {
        Work work = begun;
        while (work.state().equals("running")) {
            work = session.client().get(Client.path("works", work.id()), Work.class);
        }
        if (work.problem().isPresent()) {
            throw Client.exception(work.problem().get());
        }
        return work.result().orElse("");
    }

    @Command(name = "backup", description = "Back a database up now. Its proof goes on afterwards.")
    static final class BackUp implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Option(names = "--wait", description = "Also wait until it is proven: restored, started and read through.")
        private boolean wait;

        BackUp(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            String path = DbCommand.path(session, name, "backups");
            String prove = wait ? (path.contains("?") ? "&" : "?") + "prove=true" : "";
            String id = result(session, session.client().post(path + prove, Work.class));
            session.terminal()
                    .show(
                            java.util.Map.of("backup", id, "proven", Boolean.toString(wait)),
                            () -> session.terminal()
                                    .line(
                                            wait
                                                    ? "Backed up %s as %s, and proved it.".formatted(name, id)
                                                    : "Backed up %s as %s. To see when it is proven: stoa db backups %s"
                                                            .formatted(name, id, name)));
            return 0;
        }
    }

    @Command(name = "backups", description = "List the backups of a database, and when each was last proven.")
    static final class ListBackups implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", arity = "0..1", description = "As the list has it, or as the app knows it.")
        private Optional<String> name = Optional.empty();

        @Option(names = "--destroyed", description = "Those of databases that were destroyed.")
        private boolean destroyed;

        ListBackups(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            if (!destroyed) {
                String database = name.orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "which database's backups?",
                        "stoa db backups NAME, or: stoa db backups --destroyed"));
                Backups backups = session.client().get(DbCommand.path(session, database, "backups"), Backups.class);
                terminal.show(backups, () -> print(terminal, backups));
                return 0;
            }
            List<Backups> all = session.client().list(Client.path("destroyed-databases"), Backups.class).stream()
                    .filter(each -> name.isEmpty() || each.database().equals(name.get()))
                    .toList();
            terminal.show(all, () -> {
                if (all.isEmpty()) {
                    terminal.line("No backups of destroyed databases.");
                }
                all.forEach(each -> print(terminal, each));
            });
            return 0;
        }

        private static void print(Terminal terminal, Backups backups) {
            terminal.line("%s in %s/%s".formatted(backups.database(), backups.place(), backups.archive()));
            backups.keptUntil()
                    .ifPresent(until -> terminal.line("destroyed %s, kept until %s"
                            .formatted(
                                    backups.destroyedAt()
                                            .map(DbBackupCommands::shown)
                                            .orElse("-"),
                                    shown(until))));
            backups.problems().forEach(problem -> terminal.line("PROBLEM: " + problem));
            if (backups.backups().isEmpty()) {
                terminal.line("No complete backup yet. To make one: stoa db backup " + backups.database());
                return;
            }
            Table table = new Table("BACKUP", "FROM", "UNTIL", "SIZE", "DATA", "STATE", "PROVEN");
            for (Backup backup : backups.backups()) {
                table.row(
                        backup.id(),
                        // Rounded up, for a moment before it is out of reach.
                        shown(backup.from().plusMillis(999)),
                        backup.until().map(DbBackupCommands::shown).orElse("its log is missing"),
                        megabytes(backup.sizeBytes()),
                        megabytes(backup.dataBytes()),
                        backup.state(),
                        backup.provenAt().map(DbBackupCommands::shown).orElse("never"));
            }
            table.print(terminal);
        }

        private static String megabytes(long bytes) {
            return "%.1f MB".formatted(bytes / 1024.0 / 1024.0);
        }
    }

    /** As {@code --to} takes it. */
    private static String shown(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    @Command(name = "backup-to", description = "Have a database backed up to another folder, or a bucket, from now on.")
    static final class BackUpTo implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Parameters(
                index = "1",
                paramLabel = "PLACE",
                description = "A folder on the platform's machine, or s3://BUCKET/PREFIX.")
        private String to = "";

        @CommandLine.Mixin
        private Bucket bucket = new Bucket();

        BackUpTo(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Work begun =
                    session.client().post(DbCommand.path(session, name, "backup-place"), bucket.place(to), Work.class);
            String id = result(session, begun);
            session.terminal()
                    .show(
                            java.util.Map.of("backup", id),
                            () -> session.terminal()
                                    .line("Backed up %s to %s as %s; so will it be from now on."
                                            .formatted(name, to, id)));
            return 0;
        }
    }

    /** How a bucket is reached. */
    static final class Bucket {
        @Option(names = "--endpoint", paramLabel = "URL", description = "Of an S3 server that is not Amazon's.")
        private Optional<String> endpoint = Optional.empty();

        @Option(names = "--region", paramLabel = "REGION", description = "Of the bucket.")
        private Optional<String> region = Optional.empty();

        @Option(names = "--access-key", paramLabel = "KEY", description = "For the bucket.")
        private Optional<String> accessKey = Optional.empty();

        @Option(names = "--secret-key", paramLabel = "KEY", description = "For the bucket.")
        private Optional<String> secretKey = Optional.empty();

        Place place(String to) {
            String whole = to.contains("://")
                    ? to
                    : Path.of(to).toAbsolutePath().normalize().toString();
            return new Place(whole, endpoint, region, accessKey, secretKey);
        }
    }

    @Command(
            name = "backup-key",
            description =
                    "Print the key without which the backups of a database cannot be read. Keep it elsewhere: with it"
                            + " and the backups, a database can be restored where this platform is gone.")
    static final class ShowKey implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        ShowKey(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            RecoveryKey key = session.client().get(DbCommand.path(session, name, "backup-key"), RecoveryKey.class);
            session.terminal().show(key, () -> session.terminal().line(key.key()));
            return 0;
        }
    }

    @Command(name = "restore", description = "Restore a database as it was at a moment, as a new one beside it.")
    static final class RestoreOne implements Callable<Integer> {
        private final Session session;

        @Parameters(
                paramLabel = "NAME",
                arity = "0..1",
                description = "As the list has it, as the app knows it, or of one that was destroyed.")
        private Optional<String> name = Optional.empty();

        @Option(
                names = "--to",
                paramLabel = "TIME",
                description = "Such as \"2026-11-20 14:03:11\", in this machine's time zone, or 2026-11-20T14:03:11Z;"
                        + " the latest moment unless told.")
        private Optional<String> to = Optional.empty();

        @Option(
                names = "--as",
                paramLabel = "NEW",
                description = "The new database's name; one that was destroyed has its own again unless told.")
        private Optional<String> as = Optional.empty();

        @Option(
                names = "--from",
                paramLabel = "PLACE",
                description = "Where the backups are of a database that this platform does not know.")
        private Optional<String> from = Optional.empty();

        @Option(
                names = "--key",
                paramLabel = "KEY",
                description = "The recovery key for --from; - reads it from standard input.")
        private Optional<String> key = Optional.empty();

        @Option(names = "--archive", paramLabel = "NAME", description = "Which of those in --from.")
        private Optional<String> archive = Optional.empty();

        @CommandLine.Mixin
        private Bucket bucket = new Bucket();

        RestoreOne(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Optional<Instant> moment = to.map(Moments::parse);
            Work begun = from.isPresent()
                    ? fromElsewhere(from.get(), moment)
                    : session.client()
                            .post(
                                    DbCommand.path(
                                            session,
                                            name.orElseThrow(() -> new StoaException(
                                                    ErrorCode.BAD_REQUEST,
                                                    "which database is to be restored?",
                                                    "stoa db restore NAME --as NEW")),
                                            "restore"),
                                    new Restore(as, moment),
                                    Work.class);
            String made = result(session, begun);
            session.terminal().show(java.util.Map.of("database", made), () -> {
                session.terminal()
                        .line("Restored %s as %s.".formatted(name.or(() -> from).orElse(""), made));
                name.filter(former -> !former.equals(made))
                        .ifPresent(former -> session.terminal()
                                .line("To give it to the apps of %s: stoa db promote %s --for %s"
                                        .formatted(former, made, former)));
            });
            return 0;
        }

        private Work fromElsewhere(String place, Optional<Instant> moment) {
            String recovery = key.orElseThrow(() -> new StoaException(
                    ErrorCode.BAD_REQUEST, "--from needs the recovery key", "--key KEY, or --key - to read it"));
            String given = recovery.equals("-")
                    ? session.terminal().input().stream().findFirst().orElse("")
                    : recovery;
            return session.client()
                    .post(
                            Client.path("databases", "restore"),
                            new RestoreFrom(
                                    bucket.place(place),
                                    given,
                                    archive,
                                    as.orElseThrow(() -> new StoaException(
                                            ErrorCode.BAD_REQUEST,
                                            "a restore from elsewhere makes a new database, and no name was given for it",
                                            "--as NEW")),
                                    moment),
                            Work.class);
        }
    }

    @Command(name = "fork", description = "Copy a database as it is now, as a new one, in seconds.")
    static final class ForkOne implements Callable<Integer> {
        private final Session session;

        @Parameters(index = "0", paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
        private String name = "";

        @Parameters(index = "1", paramLabel = "NEW", description = "The new database's name.")
        private String as = "";

        ForkOne(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Work begun = session.client().post(DbCommand.path(session, name, "fork"), new Fork(as), Work.class);
            String made = result(session, begun);
            session.terminal()
                    .show(
                            java.util.Map.of("database", made),
                            () -> session.terminal().line("Forked %s as %s.".formatted(name, made)));
            return 0;
        }
    }

    @Command(
            name = "promote",
            description =
                    "Give the apps of another database this one instead, by the same name. The other stays as it is.")
    static final class PromoteOne implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NEW", description = "Such as one that was restored.")
        private String name = "";

        @Option(names = "--for", paramLabel = "NAME", required = true, description = "The one whose place it takes.")
        private String over = "";

        PromoteOne(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Changed changed =
                    session.client().post(Client.path("databases", name, "promote"), new Promote(over), Changed.class);
            return ResourceCommand.report(
                    session, changed, "%s has taken the place of %s, which stays as it is.".formatted(name, over));
        }
    }
}
