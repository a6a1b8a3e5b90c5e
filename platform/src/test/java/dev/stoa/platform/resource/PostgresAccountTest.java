package dev.stoa.platform.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class PostgresAccountTest {
    private static final long SELF = ProcessHandle.current().pid();

    @Test
    void whoeverIsNotRootRunsPostgresAsHimself() throws Exception {
        boolean root = userId() == 0;

        assertThat(PostgresAccount.isRoot(SELF)).isEqualTo(root);
        assertThat(PostgresAccount.choose() == PostgresAccount.OWN).isEqualTo(!root);
    }

    @Test
    void aProcessThatRootStartedAsAnotherUserIsNotRoot() throws Exception {
        Assumptions.assumeTrue(userId() == 0, "only root can start a process as another user");
        Process other = new ProcessBuilder("setpriv", "--reuid", "65534", "--clear-groups", "sleep", "60").start();
        try {
            await().until(() -> !PostgresAccount.isRoot(other.pid()));
            assertThat(other.isAlive()).isTrue();
        } finally {
            other.destroyForcibly();
        }
    }

    private static int userId() throws Exception {
        Process id = new ProcessBuilder("id", "-u").start();
        return Integer.parseInt(new String(id.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
    }
}
