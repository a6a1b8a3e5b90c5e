package dev.stoa.platform.control;

import dev.stoa.api.Json;
import dev.stoa.platform.base.Secrets;
import dev.stoa.platform.resource.ResourceSpec;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Jdbi;

/** What apps are given, and which app has what. */
final class ResourceStore {
    private static final String COLUMNS =
            "r.id, r.kind, r.name, r.state, r.reason, r.settings, r.secrets, r.created_at";

    private final Jdbi jdbi;
    private final Secrets secrets;

    ResourceStore(Jdbi jdbi, Secrets secrets) {
        this.jdbi = jdbi;
        this.secrets = secrets;
    }

    record ResourceRow(
            long id,
            String kind,
            String name,
            String state,
            Optional<String> reason,
            Map<String, String> settings,
            Map<String, String> secrets,
            Instant createdAt) {
        ResourceSpec spec() {
            return new ResourceSpec(id, name, settings, secrets);
        }

        boolean ready() {
            return state.equals("ready");
        }
    }

    /** @param origin manifest or command: who asked for it */
    record AttachmentRow(
            long resource,
            int app,
            String appName,
            String kind,
            String as,
            String origin,
            Map<String, String> settings) {}

    /** Takes the name; empty if it is taken. */
    Optional<ResourceRow> add(
            String kind, String name, Map<String, String> settings, Map<String, String> known, Instant now) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into resources as r (kind, name, state, settings, secrets, created_at)
                        values (:kind, :name, 'creating', :settings, :secrets, :now)
                        on conflict (kind, name) do nothing
                        returning %s
                        """.formatted(COLUMNS))
                .bind("kind", kind)
                .bind("name", name)
                .bind("settings", Json.write(settings))
                .bind("secrets", sealed(known))
                .bind("now", now)
                .map((row, context) -> resource(row))
                .findOne());
    }

    void ready(long id, Map<String, String> settings, Map<String, String> known) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update resources set state = 'ready', reason = null, settings = :settings, secrets = :secrets
                        where id = :id
                        """)
                .bind("id", id)
                .bind("settings", Json.write(settings))
                .bind("secrets", sealed(known))
                .execute());
    }

    void secrets(long id, Map<String, String> known) {
        jdbi.useHandle(handle -> handle.createUpdate("update resources set secrets = :secrets where id = :id")
                .bind("id", id)
                .bind("secrets", sealed(known))
                .execute());
    }

    void state(long id, String state, Optional<String> reason) {
        jdbi.useHandle(
                handle -> handle.createUpdate("update resources set state = :state, reason = :reason where id = :id")
                        .bind("id", id)
                        .bind("state", state)
                        .bind("reason", reason)
                        .execute());
    }

    void delete(long id) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from resources where id = :id")
                .bind("id", id)
                .execute());
    }

    List<ResourceRow> all() {
        return jdbi.withHandle(
                handle -> handle.createQuery("select %s from resources r order by kind, name".formatted(COLUMNS))
                        .map((row, context) -> resource(row))
                        .list());
    }

    Optional<ResourceRow> find(String kind, String name) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select %s from resources r where kind = :kind and name = :name".formatted(COLUMNS))
                .bind("kind", kind)
                .bind("name", name)
                .map((row, context) -> resource(row))
                .findOne());
    }

    Optional<ResourceRow> find(long id) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select %s from resources r where id = :id".formatted(COLUMNS))
                        .bind("id", id)
                        .map((row, context) -> resource(row))
                        .findOne());
    }

    /** Does nothing if the app has it, or has another of that name: {@link #attachments} tells. */
    void attach(long resource, int app, String as, String origin, Map<String, String> settings, Instant now) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        insert into resource_attachments (resource_id, app_id, kind, alias, origin, settings, attached_at)
                        select id, :app, kind, :as, :origin, :settings, :now from resources where id = :resource
                        on conflict do nothing
                        """)
                .bind("resource", resource)
                .bind("app", app)
                .bind("as", as)
                .bind("origin", origin)
                .bind("settings", Json.write(settings))
                .bind("now", now)
                .execute());
    }

    /** The manifest's word counts from now on. */
    void claim(long resource, int app, Map<String, String> settings) {
        jdbi.useHandle(handle -> handle.createUpdate("""
                        update resource_attachments set origin = 'manifest', settings = :settings
                        where resource_id = :resource and app_id = :app
                        """)
                .bind("resource", resource)
                .bind("app", app)
                .bind("settings", Json.write(settings))
                .execute());
    }

    /** Gives all that the apps have of one resource to another. */
    void handOver(long from, long to) {
        jdbi.useHandle(handle -> handle.createUpdate(
                        "update resource_attachments set resource_id = :to where resource_id = :from")
                .bind("from", from)
                .bind("to", to)
                .execute());
    }

    boolean detach(long resource, int app) {
        return jdbi.withHandle(handle ->
                handle.createUpdate("delete from resource_attachments where resource_id = :resource and app_id = :app")
                                .bind("resource", resource)
                                .bind("app", app)
                                .execute()
                        > 0);
    }

    /** All, those of one app in the order in which it got them. */
    List<AttachmentRow> attachments() {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select t.resource_id, t.app_id, a.name, t.kind, t.alias, t.origin, t.settings
                        from resource_attachments t join apps a on a.id = t.app_id
                        order by a.name, t.kind, t.attached_at, t.resource_id
                        """)
                .map((row, context) -> new AttachmentRow(
                        row.getLong(1),
                        row.getInt(2),
                        row.getString(3),
                        row.getString(4),
                        row.getString(5),
                        row.getString(6),
                        map(row.getString(7))))
                .list());
    }

    List<AttachmentRow> ofApp(int app) {
        return attachments().stream()
                .filter(attachment -> attachment.app() == app)
                .toList();
    }

    /** What an app has of a kind, by the names by which it knows them. */
    Map<String, ResourceRow> ofApp(int app, String kind) {
        return jdbi.withHandle(handle -> {
            Map<String, ResourceRow> rows = new TreeMap<>();
            handle.createQuery("""
                            select %s, t.alias from resources r join resource_attachments t on t.resource_id = r.id
                            where t.app_id = :app and t.kind = :kind
                            """.formatted(COLUMNS))
                    .bind("app", app)
                    .bind("kind", kind)
                    .map((row, context) -> Map.entry(row.getString("alias"), resource(row)))
                    .forEach(entry -> rows.put(entry.getKey(), entry.getValue()));
            return rows;
        });
    }

    List<AttachmentRow> ofResource(long resource) {
        return attachments().stream()
                .filter(attachment -> attachment.resource() == resource)
                .toList();
    }

    private ResourceRow resource(ResultSet row) throws SQLException {
        return new ResourceRow(
                row.getLong("id"),
                row.getString("kind"),
                row.getString("name"),
                row.getString("state"),
                Optional.ofNullable(row.getString("reason")),
                map(row.getString("settings")),
                map(new String(secrets.open(row.getBytes("secrets")), StandardCharsets.UTF_8)),
                row.getTimestamp("created_at").toInstant());
    }

    private byte[] sealed(Map<String, String> known) {
        return secrets.seal(Json.write(known).getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, String> map(String json) {
        Map<String, String> map = new TreeMap<>();
        Map<?, ?> read = Json.read(json, Map.class);
        read.forEach((key, value) -> map.put(String.valueOf(key), String.valueOf(value)));
        return map;
    }
}
