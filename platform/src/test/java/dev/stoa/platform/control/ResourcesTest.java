package dev.stoa.platform.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.AppName;
import dev.stoa.api.DeployPlan;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Manifest;
import dev.stoa.api.ManifestFile;
import dev.stoa.api.MergedManifest;
import dev.stoa.api.ResourceRequests.Create;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.base.Sql;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.resource.Binding;
import dev.stoa.platform.resource.Inspection;
import dev.stoa.platform.resource.PostgresBinaries;
import dev.stoa.platform.resource.PostgresCluster;
import dev.stoa.platform.resource.ResourceKind;
import dev.stoa.platform.resource.ResourceSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResourcesTest {
    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

    private static PostgresCluster cluster;
    private static Sql sql;
    private static Stores stores;

    private final Jars jars = new Jars();
    private final List<String> said = new ArrayList<>();
    private AppRow app;

    @BeforeAll
    static void openStore(@TempDir Path shared) {
        cluster = PostgresCluster.open(
                shared.resolve("pg"), PostgresBinaries.unpacked(Path.of("target/postgres-binaries")));
        sql = Sql.open(cluster.jdbcUrl(), cluster.user(), cluster.password());
        stores = Stores.of(sql.jdbi(), Secrets.open(shared.resolve("secret.key")));
    }

    @AfterAll
    static void closeStore() {
        sql.close();
        cluster.close();
    }

    @BeforeEach
    void makeApp() {
        app = stores.apps().create(new AppName("shop"), NOW).orElseThrow();
    }

    @AfterEach
    void forget() {
        stores.apps().delete(app.id());
        stores.resources().all().forEach(row -> stores.resources().delete(row.id()));
    }

    /** Jars of something: it has a size, and what it holds is lost with it. */
    private static final class Jars implements ResourceKind {
        final Map<String, Map<String, String>> made = new ConcurrentHashMap<>();
        final Map<String, Set<Integer>> admitted = new ConcurrentHashMap<>();
        volatile boolean broken;
        volatile boolean missing;
        volatile Set<String> backedUp = Set.of();

        @Override
        public String name() {
            return "database";
        }

        @Override
        public Map<String, String> settle(Map<String, String> asked) {
            if (missing) {
                throw new StoaException(ErrorCode.TOOL_MISSING, "there are no jars", "buy some");
            }
            if (asked.getOrDefault("plan", "small").equals("huge")) {
                throw new StoaException(ErrorCode.BAD_REQUEST, "no such plan", "small");
            }
            Map<String, String> settings = new HashMap<>(Map.of("plan", "small"));
            settings.putAll(asked);
            return settings;
        }

        @Override
        public Map<String, String> provision(ResourceSpec spec) {
            made.put(spec.name(), spec.settings());
            if (broken) {
                throw new StoaException(ErrorCode.INTERNAL, "the jar broke", "");
            }
            return spec.secrets().isEmpty() ? Map.of("lid", "secret of " + spec.name()) : spec.secrets();
        }

        @Override
        public Set<String> backedUpIn(ResourceSpec spec) {
            return backedUp;
        }

        @Override
        public void resume(ResourceSpec spec) {
            made.put(spec.name(), spec.settings());
        }

        @Override
        public Inspection inspect(ResourceSpec spec) {
            return glance(spec);
        }

        @Override
        public Inspection glance(ResourceSpec spec) {
            return new Inspection("full", Optional.empty(), Map.of());
        }

        @Override
        public Set<String> vars(Binding binding) {
            return binding.chief() ? Set.of("JAR", "JAR_" + binding.suffix()) : Set.of("JAR_" + binding.suffix());
        }

        @Override
        public Map<String, String> bind(ResourceSpec spec, Binding binding) {
            Map<String, String> vars = new TreeMap<>();
            vars(binding).forEach(name -> vars.put(name, spec.secret("lid")));
            return vars;
        }

        @Override
        public void admit(ResourceSpec spec, Set<Integer> tenants) {
            admitted.put(spec.name(), tenants);
        }

        @Override
        public Optional<String> backup(ResourceSpec spec) {
            return Optional.empty();
        }

        @Override
        public void destroy(ResourceSpec spec) {
            made.remove(spec.name());
        }

        @Override
        public void rest(List<ResourceSpec> specs) {}

        @Override
        public void close() {}
    }

    private Resources resources() {
        Resources resources = new Resources(stores, List.of(jars), () -> NOW);
        resources.onChange((row, why) -> {
            said.add(row.name() + ": " + why);
            return stores.deploys()
                    .add(
                            "d" + said.size() + System.nanoTime(),
                            row.id(),
                            "config",
                            why,
                            Optional.empty(),
                            Optional.empty(),
                            NOW);
        });
        return resources;
    }

    private static Manifest manifest(String text) {
        return ManifestFile.parse(text, "stoa.toml");
    }

    private static Create create(String name, Optional<String> forApp) {
        return new Create(name, Map.of(), forApp, Optional.empty());
    }

    @Test
    void anAppGetsWhatItsManifestAsksForAndKeepsItWhenTheTableGoes() {
        Resources resources = resources();
        resources.ofApps().provide(app, manifest("[databases.main]\n"), said::add);

        assertThat(resources.ofApps().vars(app))
                .isEqualTo(Map.of("JAR", "secret of shop-main", "JAR_MAIN", "secret of shop-main"));
        assertThat(jars.admitted).containsEntry("shop-main", Set.of(app.id()));

        said.clear();
        resources.ofApps().provide(app, manifest("[databases.main]\nplan = \"large\"\n"), said::add);
        assertThat(said).containsExactly("-----> Changing the database shop-main: plan small -> large");
        assertThat(jars.made.get("shop-main")).containsEntry("plan", "large");

        said.clear();
        resources.ofApps().provide(app, Manifest.EMPTY, said::add);
        assertThat(said)
                .singleElement()
                .asString()
                .contains("Nothing asks for the database shop-main any more: it stays");
        assertThat(jars.made).containsKey("shop-main");
        assertThat(resources.ofApps().vars(app)).containsKey("JAR");
    }

    private DeployPlan plan(Resources resources, AppRow of, String toml) {
        return plan(resources, of, Map.of("stoa.toml", toml));
    }

    private DeployPlan plan(Resources resources, AppRow of, Map<String, String> files) {
        AppConfig config = new AppConfig(stores.configs(), resources.ofApps(), new Random(1));
        Domains domains = new Domains(stores, new Urls("localhost", 8080));
        DeployPlans plans = new DeployPlans(stores, resources.ofApps(), config, domains);
        return plans.plan(of, plans.settled(of, MergedManifest.of(files)));
    }

    private DeployPlan planOfAddOn(Resources resources) {
        return plan(resources, app, Map.of("app.json", "{\"addons\": [\"heroku-postgresql:mini\"]}"));
    }

    @Test
    void anAddOnGivesTheAppADatabaseAndKeepsItFromThenOn() {
        Resources resources = resources();

        assertThat(planOfAddOn(resources).changes())
                .extracting(DeployPlan.Change::name)
                .containsExactly("shop-main");

        resources.ofApps().provide(app, manifest("[databases.main]\n"), said::add);
        assertThat(planOfAddOn(resources).changed()).isFalse();
        assertThat(planOfAddOn(resources).orphans()).isEmpty();
        assertThat(planOfAddOn(resources).notes()).isEmpty();
    }

    @Test
    void anAddOnGivesNothingThatTheAppHasAlready() {
        Resources resources = resources();
        stores.configs().change(app.id(), Map.of("JAR", "my own"), List.of());
        assertThat(planOfAddOn(resources).changes()).isEmpty();
        assertThat(planOfAddOn(resources).notes())
                .containsExactly("app.json: heroku-postgresql is not used: shop has JAR of its own");

        stores.configs().change(app.id(), Map.of(), List.of("JAR"));
        resources.create("database", create("first", Optional.of("shop")));
        assertThat(planOfAddOn(resources).changes()).isEmpty();
        assertThat(planOfAddOn(resources).notes())
                .containsExactly("app.json: heroku-postgresql is not used: shop has the database \"first\"");
    }

    @Test
    void anAddOnThatCannotBeGivenIsNoReasonToRefuseTheApp() {
        jars.missing = true;

        DeployPlan plan = planOfAddOn(resources());

        assertThat(plan.changes()).isEmpty();
        assertThat(plan.notes())
                .containsExactly("app.json: heroku-postgresql is not provided: there are no jars", "    buy some");
        assertThatThrownBy(() -> plan(resources(), app, "[databases.main]\n"))
                .hasMessage("[databases.main]: there are no jars");
    }

    @Test
    void aPlanIsWhatTheDeployDoesThenAndChangesNothingItself() {
        Resources resources = resources();
        DeployPlan first = plan(resources, app, "[databases.main]\n");
        assertThat(first.changes()).singleElement().satisfies(change -> {
            assertThat(change.action()).isEqualTo(DeployPlan.Action.CREATE);
            assertThat(change.name()).isEqualTo("shop-main");
            assertThat(change.note()).contains("gives JAR, JAR_MAIN");
        });
        assertThat(stores.resources().all()).isEmpty();

        resources.ofApps().provide(app, manifest("[databases.main]\n"), said::add);
        assertThat(plan(resources, app, "[databases.main]\n").changed()).isFalse();

        DeployPlan larger = plan(resources, app, "[databases.main]\nplan = \"large\"\n");
        assertThat(larger.changes()).singleElement().satisfies(change -> {
            assertThat(change.action()).isEqualTo(DeployPlan.Action.CHANGE);
            assertThat(change.details())
                    .containsExactly(new DeployPlan.Detail("plan", Optional.of("small"), Optional.of("large")));
        });

        assertThat(plan(resources, app, "").orphans()).singleElement().satisfies(orphan -> {
            assertThat(orphan.name()).isEqualTo("shop-main");
            assertThat(orphan.commands())
                    .containsExactly("stoa db detach shop-main -a shop", "stoa db destroy shop-main");
        });
        assertThat(jars.made).containsOnlyKeys("shop-main");
    }

    @Test
    void aPlanRefusesWhatTheDeployWouldAndTellsOfAnAppThatThereIsNotYet() {
        Resources resources = resources();
        assertThatThrownBy(() -> plan(resources, app, "[databases.main]\nplan = \"huge\"\n"))
                .hasMessage("[databases.main]: no such plan");
        AppRow other = stores.apps().create(new AppName("other"), NOW).orElseThrow();
        try {
            stores.apps().addDomain(other.id(), "taken.example.com");
            assertThatThrownBy(() -> plan(resources, app, "domains = [\"taken.example.com\"]\n"))
                    .hasMessageContaining("leads to the app other already");
        } finally {
            stores.apps().delete(other.id());
        }
        AppRow none = new AppRow(-1, "new-one", NOW);
        assertThat(plan(resources, none, "domains = [\"new.example.com\"]\n[databases.main]\n")
                        .changes())
                .extracting(DeployPlan.Change::name)
                .containsExactly("new.example.com", "new-one-main");
        assertThat(stores.apps().ownerOf("new.example.com")).isEmpty();
    }

    @Test
    void whatIsManagedCanBeNeitherSetNorTakenFromTheApp() {
        Resources resources = resources();
        stores.configs().change(app.id(), Map.of("JAR", "my own"), List.of());
        assertThatThrownBy(() -> resources.create("database", create("first", Optional.of("shop"))))
                .hasMessageContaining("shop has JAR of its own");
        assertThat(stores.resources().all()).isEmpty();

        stores.configs().change(app.id(), Map.of(), List.of("JAR"));
        resources.create("database", create("first", Optional.of("shop")));

        assertThat(said).containsExactly("shop: Attach database first");
        assertThatThrownBy(() -> resources.ofApps().checkSettable(app, Set.of("JAR")))
                .hasMessageContaining("JAR is managed: shop has it from the database first");
        resources.create("database", create("main", Optional.of("shop")));
        assertThat(resources.ofApps().vars(app))
                .containsEntry("JAR", "secret of main")
                .containsKeys("JAR_FIRST");
    }

    @Test
    void whatCannotBeMadeLeavesNothing() {
        jars.broken = true;
        assertThatThrownBy(() -> resources().create("database", create("one", Optional.empty())))
                .hasMessageContaining("the jar broke");

        assertThat(jars.made).isEmpty();
        assertThat(stores.resources().all()).isEmpty();
    }

    @Test
    void theNextPlatformGoesOnWithWhatOneThatWasKilledHasLeft() {
        stores.resources().add("database", "half", Map.of("plan", "small"), Map.of(), NOW);
        long leaving = stores.resources()
                .add("database", "leaving", Map.of(), Map.of(), NOW)
                .orElseThrow()
                .id();
        jars.made.put("leaving", Map.of());
        stores.resources().state(leaving, "destroying", Optional.empty());

        resources().start();

        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            assertThat(stores.resources().find("database", "half").orElseThrow().ready())
                    .isTrue();
            assertThat(stores.resources().find(leaving)).isEmpty();
        });
        assertThat(jars.made).containsOnlyKeys("half");
    }

    @Test
    void whatAnAppHasIsNotDestroyedAndOutlivesTheApp() {
        Resources resources = resources();
        resources.ofApps().provide(app, manifest("[databases.main]\n"), said::add);
        assertThatThrownBy(() -> resources.destroy("database", "shop-main", Optional.empty(), List.of()))
                .isInstanceOfSatisfying(
                        StoaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.RESOURCE_IN_USE));

        stores.apps().delete(app.id());
        app = stores.apps().create(new AppName("shop"), NOW).orElseThrow();
        assertThat(jars.made).containsKey("shop-main");
        resources.ofApps().provide(app, manifest("[databases.main]\n"), said::add);
        assertThat(said).contains("-----> Taking the database shop-main");

        resources.detach("database", "main", "shop");
        assertThat(jars.admitted).containsEntry("shop-main", Set.of());
        resources.destroy("database", "shop-main", Optional.empty(), List.of());
        assertThat(jars.made).isEmpty();
    }

    @Test
    void whatHoldsTheBackupsOfOthersIsOnlyDestroyedWithEachOfThemByName() {
        Resources resources = resources();
        resources.create("database", new Create("jar", Map.of(), Optional.empty(), Optional.empty()));
        jars.backedUp = Set.of("main", "other");
        assertThatThrownBy(() -> resources.destroy("database", "jar", Optional.empty(), List.of("main")))
                .isInstanceOfSatisfying(
                        StoaException.class,
                        e -> assertThat(e.hint().orElse("")).endsWith("stoa db destroy jar --with-backups-of other"))
                .hasMessageContaining("holds the backups of other, and was not destroyed");
        assertThat(jars.made).containsKey("jar");
        resources.destroy("database", "jar", Optional.empty(), List.of("main", "other", "other"));
        assertThat(jars.made).isEmpty();
    }

    @Test
    void aManifestThatAsksForWhatThereIsNotIsRefusedBeforeAnythingIsMade() {
        assertThatThrownBy(() -> resources().ofApps().check(app, manifest("[databases.main]\nplan = \"huge\"\n")))
                .hasMessage("[databases.main]: no such plan");
        assertThat(stores.resources().all()).isEmpty();
    }

    @Test
    void aNameThatSeveralAppsKnowNeedsAnApp() {
        Resources resources = resources();
        AppRow other = stores.apps().create(new AppName("other"), NOW).orElseThrow();
        resources.ofApps().provide(app, manifest("[databases.main]\n"), said::add);
        assertThat(resources.require("database", "main", Optional.empty()).name())
                .isEqualTo("shop-main");
        resources.ofApps().provide(other, manifest("[databases.main]\n"), said::add);

        assertThatThrownBy(() -> resources.require("database", "main", Optional.empty()))
                .hasMessageContaining("several apps have a database that they call \"main\"");
        assertThat(resources.require("database", "main", Optional.of("other")).name())
                .isEqualTo("other-main");
        stores.apps().delete(other.id());
    }
}
