package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.AppName;
import dev.stoa.api.DetachedRun;
import dev.stoa.api.ManifestFile;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.engine.Limits;
import dev.stoa.platform.engine.process.ProcessEngine;
import dev.stoa.platform.observe.LogCollector;
import dev.stoa.platform.observe.LogStore;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs real commands. */
class DetachedRunsTest {
    private static final InstantSource CLOCK = () -> Instant.parse("2026-01-01T10:00:00Z");

    @TempDir
    Path temp;

    @Test
    void whoStopsARunAndIsInterruptedLeavesItTheTimeToEndByItself() throws Exception {
        try (PostgresCluster cluster = PostgresCluster.open(
                        temp.resolve("pg"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
                Sql sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
                Home home = Home.open(temp.resolve("home"));
                ProcessEngine engine = ProcessEngine.open(home.instances(), List.of(), CLOCK);
                LogCollector collector = new LogCollector(new LogStore(home.logs()), CLOCK)) {
            Stores stores = Stores.of(sql.jdbi(), Secrets.open(home.secretKey()));
            DetachedRuns runs = new DetachedRuns(
                    stores,
                    engine,
                    new LaunchOrder(
                            new Limits(256L << 20, 1, 100),
                            app -> List.of(),
                            app -> Map.of(),
                            (app, build, type) -> List.of()),
                    collector,
                    new Announcer(new LogStore(home.logs()), CLOCK),
                    new Ids(new SecureRandom()),
                    CLOCK);
            runs.resume();
            AppRow app =
                    stores.apps().create(new AppName("shop"), CLOCK.instant()).orElseThrow();
            Path ready = temp.resolve("home/logs/shop");

            DetachedRun run = runs.start(
                    app,
                    release(stores, engine, app),
                    "trap 'sleep 0.2; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
            await().atMost(Duration.ofSeconds(20)).until(() -> said(ready, "ready"));
            Thread.currentThread().interrupt();
            runs.stop(runs.find(app, run.id()).orElseThrow());
            assertThat(Thread.interrupted()).isTrue();

            await().atMost(Duration.ofSeconds(20))
                    .until(() -> runs.list(app).getFirst().exitedAt().isPresent());
            assertThat(runs.list(app).getFirst().state()).isEqualTo("stopped");
            assertThat(runs.list(app).getFirst().status()).contains(3);
        }
    }

    private static boolean said(Path log, String text) throws Exception {
        Path segment = log.resolve("00000001.log");
        return Files.exists(segment) && Files.readString(segment).contains(text);
    }

    private ReleaseRow release(Stores stores, ProcessEngine engine, AppRow app) throws Exception {
        Path root = Files.createDirectories(temp.resolve("slug"));
        engine.own(root, app.id());
        Slug slug =
                new Slug(root, engine.slugMount(root), "procfile", Map.of(), Optional.empty(), Map.of(), List.of(), 0);
        stores.releases()
                .addBuild(new BuildRow("build", app.id(), slug, ManifestFile.parse("", "stoa.toml")), CLOCK.instant());
        return stores.releases().add(app.id(), "build", Map.of(), "Deploy", CLOCK.instant());
    }
}
