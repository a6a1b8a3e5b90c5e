package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Copies what is in a database into a cluster of a newer PostgreSQL, and compares the two. While it does, nobody else has
 * the old one, which is changed in nothing that anybody could see.
 */
final class DatabaseUpgrade {
    private static final String DUMP = "dump";
    private static final int NAMED_MAX = 3;

    private final DatabaseCluster old;
    private final DatabaseCluster fresh;
    private final DumpTools tools;

    DatabaseUpgrade(DatabaseCluster old, DatabaseCluster fresh, DumpTools tools) {
        this.old = old;
        this.fresh = fresh;
        this.tools = tools;
    }

    /**
     * Returns when the new cluster has everything, and its server runs.
     *
     * @throws StoaException if something could not be copied, or is not the same; the new one is of no use then
     */
    void run(Path template, String user, String password) throws IOException {
        int from = old.start();
        String secret = old.superuserPassword();
        fresh.make(template, user, password);
        int to = fresh.start();
        Map<String, String> logins;
        try (RoleStore roles = RoleStore.open(from, secret, RoleStore.DATABASE)) {
            roles.ownEverything();
            logins = roles.verifiers();
        }
        try (RoleStore roles = RoleStore.open(to, fresh.superuserPassword(), RoleStore.DATABASE)) {
            logins.forEach(roles::loginByVerifier);
        }
        DatabaseUrl login = url(to, user, password);
        Path dump = fresh.home().resolve(DUMP);
        tools.dump(url(from, PostgresCluster.USER, secret), dump);
        tools.restore(login, dump);
        try (ContentStore before = ContentStore.open(old.spec().name(), url(from, user, password));
                ContentStore after = ContentStore.open(old.spec().name(), login)) {
            after.apply(before.settings());
            compare(before.facts(), after.facts());
        }
        try (RoleStore roles = RoleStore.open(to, fresh.superuserPassword(), RoleStore.DATABASE)) {
            roles.analyze();
        }
    }

    private static DatabaseUrl url(int port, String user, String password) {
        return new DatabaseUrl("127.0.0.1", port, RoleStore.DATABASE, user, password, Map.of());
    }

    private void compare(Map<String, String> before, Map<String, String> after) {
        List<String> differing = Stream.concat(before.keySet().stream(), after.keySet().stream())
                .distinct()
                .filter(name -> !Objects.equals(before.get(name), after.get(name)))
                .collect(java.util.stream.Collectors.toCollection(TreeSet::new))
                .stream()
                .map(name -> "%s (%s, and then %s)"
                        .formatted(name, before.getOrDefault(name, "none"), after.getOrDefault(name, "none")))
                .toList();
        if (!differing.isEmpty()) {
            throw new StoaException(
                    ErrorCode.UPGRADE_FAILED,
                    "the copy of %s is not the same as the database, which stays as it is: %s"
                            .formatted(
                                    old.spec().name(),
                                    String.join(", ", differing.subList(0, Math.min(NAMED_MAX, differing.size())))),
                    "nothing was changed; stoa db dump and stoa db load move a database by hand");
        }
    }
}
