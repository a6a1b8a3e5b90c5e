package dev.stoa.cli;

import dev.stoa.api.BackupRequests.Upgrade;
import dev.stoa.api.BackupRequests.Work;
import dev.stoa.api.Resource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "upgrade",
        description =
                "Move a database to a newer PostgreSQL. It keeps its address and logins; who connects meanwhile waits.")
final class DbUpgradeCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(paramLabel = "NAME", description = "As the list has it, or as the app knows it.")
    private String name = "";

    @Option(names = "--version", paramLabel = "N", description = "Such as 18; the one that Stoa brings unless told.")
    private Optional<String> version = Optional.empty();

    DbUpgradeCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Work begun = session.client().post(DbCommand.path(session, name, "upgrade"), new Upgrade(version), Work.class);
        String archive = DbBackupCommands.result(session, begun);
        Resource now = session.client()
                .get(Client.path("resources", "database", name) + ResourceCommand.asking(session), Resource.class);
        String major = now.settings().getOrDefault("version", "");
        session.terminal().show(Map.of("database", name, "version", major, "archive", archive), () -> {
            session.terminal().line("The database %s has PostgreSQL %s now.".formatted(name, major));
            if (!archive.isEmpty()) {
                session.terminal()
                        .line("As it was before, for 30 days: stoa db restore %s --as NEW".formatted(archive));
            }
        });
        return 0;
    }
}
