package dev.stoa.platform.control;

import dev.stoa.api.Json;
import dev.stoa.api.Manifest;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.build.Slug;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;
import tools.jackson.core.type.TypeReference;

/** Builds, and the releases made of them. */
final class ReleaseStore {
    private static final int BUILDS_KNOWN_MAX = 200;

    private final Jdbi jdbi;
    private final Secrets secrets;

    /** A build never changes, nor whose it is, and is asked for whenever somebody looks at its app. */
    private final Map<String, BuildRow> builds = known();

    private final Map<ReleaseKey, String> buildIds = known();

    ReleaseStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    private static <K, V> Map<K, V> known() {
        return Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > BUILDS_KNOWN_MAX;
            }
        });
    }

    private record ReleaseKey(int app, int version) {}

    record BuildRow(String id, int app, Slug slug, Manifest manifest) {}

    /** @param config with the values in the clear */
    record ReleaseRow(
            int app,
            int version,
            String build,
            Map<String, String> config,
            String state,
            String description,
            Optional<String> reason,
            Instant createdAt) {

        /** Such as {@code v3}. */
        String name() {
            return "v" + version;
        }
    }

    void addBuild(BuildRow build, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into builds (id, app_id, slug, manifest, created_at)
                        values (:id, :app, :slug, :manifest, :now)
                        """)
                .bind("id", build.id())
                .bind("app", build.app())
                .bind("slug", Json.write(build.slug()))
                .bind("manifest", Json.write(build.manifest()))
                .bind("now", now)
                .execute());
    }

    BuildRow build(String id) {
        BuildRow known = builds.get(id);
        if (known == null) {
            known = read(id);
            builds.put(id, known);
        }
        return known;
    }

    /** The build of a release. */
    BuildRow build(int app, int version) {
        ReleaseKey key = new ReleaseKey(app, version);
        String known = buildIds.get(key);
        if (known == null) {
            known = readBuildId(key);
            buildIds.put(key, known);
        }
        return build(known);
    }

    private String readBuildId(ReleaseKey key) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select build_id from releases where app_id = :app and version = :version")
                        .bind("app", key.app())
                        .bind("version", key.version())
                        .mapTo(String.class)
                        .one());
    }

    private BuildRow read(String id) {
        return jdbi.withHandle(handle -> handle.createQuery("select app_id, slug, manifest from builds where id = :id")
                .bind("id", id)
                .map((row, context) -> new BuildRow(
                        id,
                        row.getInt(1),
                        Json.read(row.getString(2), Slug.class),
                        Json.read(row.getString(3), Manifest.class)))
                .one());
    }

    /** Makes the next release of the app, pending. */
    ReleaseRow add(int app, String build, Map<String, String> config, String description, Instant now) {
        byte[] sealed = secrets.seal(Json.write(new TreeMap<>(config)).getBytes(StandardCharsets.UTF_8));
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into releases (app_id, version, build_id, config, state, description, created_at)
                        select :app, coalesce(max(version), 0) + 1, :build, :config, 'pending', :description, :now
                        from releases where app_id = :app
                        returning *
                        """)
                .bind("app", app)
                .bind("build", build)
                .bind("config", sealed)
                .bind("description", description)
                .bind("now", now)
                .map(this::release)
                .one());
    }

    /** Newest first. */
    List<ReleaseRow> all(int app) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select * from releases where app_id = :app order by version desc")
                        .bind("app", app)
                        .map(this::release)
                        .list());
    }

    Optional<ReleaseRow> find(int app, int version) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select * from releases where app_id = :app and version = :version")
                        .bind("app", app)
                        .bind("version", version)
                        .map(this::release)
                        .findOne());
    }

    Optional<ReleaseRow> active(int app) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select * from releases where app_id = :app and state = 'active'")
                        .bind("app", app)
                        .map(this::release)
                        .findOne());
    }

    void fail(int app, int version, String reason) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update releases set state = 'failed', reason = :reason
                        where app_id = :app and version = :version and state = 'pending'
                        """)
                .bind("app", app)
                .bind("version", version)
                .bind("reason", reason)
                .execute());
    }

    /**
     * The builds that neither serve, nor have instances, nor are among the {@code keep} that were released last or the
     * {@code keep} that served last. A rollback releases a build anew, and takes the place of no other.
     */
    List<String> oldBuilds(int app, int keep) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select id from builds where app_id = :app
                        and id in (select build_id from releases where app_id = :app)
                        and id not in (select build_id from releases where app_id = :app and state in ('active', 'pending', 'canary'))
                        and id not in (
                            select build_id from releases where app_id = :app
                            group by build_id order by max(version) desc limit :keep)
                        and id not in (
                            select build_id from releases where app_id = :app and state = 'superseded'
                            group by build_id order by max(version) desc limit :keep)
                        and id not in (
                            select r.build_id from instances i
                            join rollouts o on o.id = i.rollout_id
                            join releases r on r.app_id = o.app_id and r.version = o.version
                            where i.app_id = :app)
                        and id not in (
                            select r.build_id from cron_runs c
                            join releases r on r.app_id = c.app_id and r.version = c.version
                            where c.app_id = :app and c.state = 'running')
                        and id not in (
                            select r.build_id from runs d
                            join releases r on r.app_id = d.app_id and r.version = d.version
                            where d.app_id = :app and d.exited_at is null)
                        """)
                .bind("app", app)
                .bind("keep", keep)
                .mapTo(String.class)
                .list());
    }

    /** With its releases. */
    void deleteBuild(String id) {
        builds.remove(id);
        jdbi.useHandle(handle -> handle.createUpdate("delete from builds where id = :id")
                .bind("id", id)
                .execute());
        // A number that is free again may be given anew.
        buildIds.values().removeIf(id::equals);
    }

    private ReleaseRow release(ResultSet row, StatementContext context) throws SQLException {
        String config = new String(secrets.open(row.getBytes("config")), StandardCharsets.UTF_8);
        return new ReleaseRow(
                row.getInt("app_id"),
                row.getInt("version"),
                row.getString("build_id"),
                Json.MAPPER.readValue(config, new TypeReference<Map<String, String>>() {}),
                row.getString("state"),
                row.getString("description"),
                Optional.ofNullable(row.getString("reason")),
                row.getTimestamp("created_at").toInstant());
    }
}
