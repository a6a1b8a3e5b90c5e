package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.AppName;
import dev.stoa.api.ManifestFile;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.build.Slug;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.ReleaseStore.BuildRow;
import dev.stoa.platform.control.ReleaseStore.ReleaseRow;
import dev.stoa.platform.control.RolloutStore.RolloutRow;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseStoreTest {
    private static final Instant NOW = Instant.parse("2026-01-01T10:00:00Z");

    @TempDir
    private Path temp;

    private PostgresCluster cluster;
    private Sql sql;
    private Home home;
    private Stores stores;
    private AppRow app;

    @BeforeEach
    void open() throws IOException {
        cluster = PostgresCluster.open(
                temp.resolve("pg"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
        sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
        home = Home.open(temp.resolve("home"));
        stores = Stores.of(sql.jdbi(), Secrets.open(home.secretKey()));
        app = stores.apps().create(new AppName("shop"), NOW).orElseThrow();
    }

    @AfterEach
    void close() {
        home.close();
        sql.close();
        cluster.close();
    }

    @Test
    void rollingBackToEachOfTheLastBuildsLosesNoneOfThem() {
        for (int i = 1; i <= 6; i++) {
            build("b" + i);
            serve("b" + i);
        }
        assertThat(stores.releases().oldBuilds(app.id(), 3)).containsExactlyInAnyOrder("b1", "b2");

        for (int i = 5; i >= 3; i--) {
            serve("b" + i);
            assertThat(stores.releases().oldBuilds(app.id(), 4)).containsExactlyInAnyOrder("b1", "b2");
        }
    }

    @Test
    void whatNeverServedTakesThePlaceOfNothingThatDid() {
        for (int i = 1; i <= 6; i++) {
            build("b" + i);
            if (i <= 3) {
                serve("b" + i);
            } else {
                ReleaseRow release = stores.releases().add(app.id(), "b" + i, Map.of(), "Deploy", NOW);
                stores.releases().fail(app.id(), release.version(), "did not come up");
            }
        }
        assertThat(stores.releases().oldBuilds(app.id(), 2)).containsExactly("b4");
    }

    @Test
    void aCanaryKeepsItsBuildAndOneThatWasWithdrawnHasNeverServed() {
        build("b1");
        serve("b1");
        build("b2");
        RolloutRow canary = stand("b2", 10);
        assertThat(stores.rollouts().canary(app.id()).flatMap(RolloutRow::share))
                .contains(10);
        for (int i = 3; i <= 5; i++) {
            build("b" + i);
            serve("b" + i);
        }
        assertThat(stores.releases().oldBuilds(app.id(), 1)).doesNotContain("b2");

        assertThat(stores.rollouts().withdraw(app.id(), "it was stopped")).isPresent();
        assertThat(stores.rollouts().withdraw(app.id(), "it was stopped")).isEmpty();
        ReleaseRow release = stores.releases().find(app.id(), canary.version()).orElseThrow();
        assertThat(release.state()).isEqualTo("withdrawn");
        assertThat(release.reason()).contains("it was stopped");
        assertThat(stores.releases().oldBuilds(app.id(), 1)).contains("b2");
    }

    @Test
    void aPromotionThatIsGivenUpLeavesTheCanaryAndOneThatSucceedsTheActiveRelease() {
        build("b1");
        serve("b1");
        build("b2");
        RolloutRow canary = stand("b2", 10);
        RolloutRow promoted =
                stores.rollouts().promote(app.id(), NOW.plusSeconds(9)).orElseThrow();
        assertThat(promoted.pending()).isTrue();
        assertThat(promoted.beside()).isFalse();
        assertThat(promoted.share()).contains(10);
        assertThat(promoted.since()).isEqualTo(NOW.plusSeconds(9));

        stores.rollouts().demote(promoted);
        assertThat(stores.rollouts().get(canary.id())).isEqualTo(canary);

        stores.rollouts().activate(stores.rollouts().promote(app.id(), NOW).orElseThrow());
        assertThat(stores.rollouts().current(app.id()))
                .singleElement()
                .matches(RolloutRow::active)
                .satisfies(active -> assertThat(active.share()).isEmpty());
        assertThat(stores.releases().active(app.id()).map(ReleaseRow::version)).contains(canary.version());
    }

    private RolloutRow stand(String build, int percent) {
        ReleaseRow release = stores.releases().add(app.id(), build, Map.of(), "Deploy", NOW);
        RolloutRow rollout = stores.rollouts().add(app.id(), release.version(), Optional.of(percent), NOW);
        stores.rollouts().stand(rollout);
        return stores.rollouts().get(rollout.id());
    }

    private void build(String id) {
        Slug slug = new Slug(temp, "/app", "procfile", Map.of(), Optional.empty(), Map.of(), List.of(), 0);
        stores.releases().addBuild(new BuildRow(id, app.id(), slug, ManifestFile.parse("", "stoa.toml")), NOW);
    }

    private void serve(String build) {
        ReleaseRow release = stores.releases().add(app.id(), build, Map.of(), "Deploy", NOW);
        stores.rollouts().activate(stores.rollouts().add(app.id(), release.version(), NOW));
    }
}
