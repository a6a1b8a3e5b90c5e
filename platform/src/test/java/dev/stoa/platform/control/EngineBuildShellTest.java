package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.platform.base.Ids;
import dev.stoa.platform.build.BuildShell.Command;
import dev.stoa.platform.engine.Limits;
import dev.stoa.platform.engine.process.ProcessEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineBuildShellTest {
    private static final int TENANT = 1;

    @TempDir
    Path temp;

    private ProcessEngine engine;
    private EngineBuildShell shell;
    private Path slug;
    private Path cache;

    @BeforeEach
    void open() throws IOException {
        engine = ProcessEngine.open(temp.toRealPath().resolve("instances"), List.of(), InstantSource.system());
        shell = new EngineBuildShell(engine, new Ids(new SecureRandom()), new Limits(256L << 20, 1, 100));
        slug = Files.createDirectory(temp.toRealPath().resolve("slug"));
        cache = Files.createDirectory(temp.toRealPath().resolve("cache"));
    }

    @AfterEach
    void close() {
        engine.instances().forEach(instance -> engine.remove(instance.id()));
        engine.close();
    }

    @Test
    void whatABuildLeavesToBeDoneHoldsNobodyUpUntilItIsSettled() throws Exception {
        shell.end(TENANT, slug, List.of(command("until [ -e %1$s/go ]; do sleep 0.02; done; echo it > %1$s/kept")));

        assertThat(cache.resolve("kept")).doesNotExist();
        Files.createFile(cache.resolve("go"));
        shell.settle(slug);

        assertThat(cache.resolve("kept")).hasContent("it");
        assertThat(engine.instances()).isEmpty();
    }

    @Test
    void whoeverSettlesAndIsInterruptedEndsWhatIsLeftToBeDone() throws Exception {
        shell.end(TENANT, slug, List.of(command("touch %1$s/begun; sleep 1000")));
        await().until(() -> Files.exists(cache.resolve("begun")));

        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> shell.settle(slug)).isInstanceOf(InterruptedException.class);
        assertThat(engine.instances()).isEmpty();
    }

    @Test
    void whatThePlatformWritesBetweenTwoCommandsIsTheTenants() throws Exception {
        assertThat(run("echo first > made")).isEmpty();
        Path written = Files.writeString(slug.resolve("written"), "by the platform");
        Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-------"));
        shell.written(slug);

        assertThat(run("cat made written; echo changed >> written")).containsExactly("first", "by the platform");

        Files.delete(written);
        Files.writeString(written, "again");
        shell.written(slug);
        shell.end(TENANT, slug, List.of(command("echo more >> written || echo refused > %1$s/refused")));
        shell.settle(slug);
        assertThat(cache.resolve("refused")).doesNotExist();
        assertThat(written).content().contains("more");
    }

    private List<String> run(String script) throws InterruptedException {
        List<String> lines = new ArrayList<>();
        assertThat(shell.run(command(script), lines::add)).isZero();
        return lines;
    }

    /** @param script in which the first parameter is the cache */
    private Command command(String script) {
        return new Command(TENANT, slug, cache, script.formatted(cache), Map.of(), List.of());
    }
}
