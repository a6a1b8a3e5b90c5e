package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.InstanceRange;
import dev.stoa.api.StoaException;
import dev.stoa.platform.resource.Buckets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/** Apps, their domains, and how many instances the user asked for. */
final class AppStore {
    private final Jdbi jdbi;

    AppStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @param id also the engine's tenant */
    record AppRow(int id, String name, Instant createdAt) {}

    /** @throws StoaException for a name that leads elsewhere */
    static void refuseReserved(AppName name) {
        if (name.value().equals(Buckets.HOST)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "no app can be called \"%s\": that name leads to the buckets".formatted(name),
                    "choose another name");
        }
    }

    /** Makes the app, or returns nothing if there is one of that name. */
    Optional<AppRow> create(AppName name, Instant now) {
        refuseReserved(name);
        return jdbi.withHandle(handle -> handle.createQuery("""
                        insert into apps (name, created_at) values (:name, :now)
                        on conflict (name) do nothing
                        returning id, name, created_at
                        """)
                .bind("name", name.value())
                .bind("now", now)
                .map(ConstructorMapper.of(AppRow.class))
                .findOne());
    }

    List<AppRow> all() {
        return jdbi.withHandle(handle -> handle.createQuery("select id, name, created_at from apps order by name")
                .map(ConstructorMapper.of(AppRow.class))
                .list());
    }

    Optional<AppRow> find(String name) {
        return jdbi.withHandle(handle -> handle.createQuery("select id, name, created_at from apps where name = :name")
                .bind("name", name)
                .map(ConstructorMapper.of(AppRow.class))
                .findOne());
    }

    Optional<AppRow> find(int id) {
        return jdbi.withHandle(handle -> handle.createQuery("select id, name, created_at from apps where id = :id")
                .bind("id", id)
                .map(ConstructorMapper.of(AppRow.class))
                .findOne());
    }

    /** The app, or an error that says how to see which there are. */
    AppRow require(String name) {
        return find(name)
                .orElseThrow(
                        () -> new StoaException(
                                ErrorCode.APP_NOT_FOUND,
                                "there is no app \"%s\"".formatted(name),
                                "stoa apps lists the apps; stoa deploy makes one, and stoa apps create one to be configured first"));
    }

    /** With everything that belongs to it. */
    void delete(int app) {
        jdbi.useHandle(handle -> handle.createUpdate("delete from apps where id = :app")
                .bind("app", app)
                .execute());
    }

    List<String> domains(int app) {
        return jdbi.withHandle(
                handle -> handle.createQuery("select name from domains where app_id = :app order by name")
                        .bind("app", app)
                        .mapTo(String.class)
                        .list());
    }

    /** Whose a domain is. */
    Optional<AppRow> ownerOf(String domain) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select a.id, a.name, a.created_at from apps a join domains d on d.app_id = a.id
                        where d.name = :domain
                        """)
                .bind("domain", domain)
                .map(ConstructorMapper.of(AppRow.class))
                .findOne());
    }

    /** Adds a domain unless somebody has it; the owner afterwards is told by {@link #ownerOf}. */
    void addDomain(int app, String domain) {
        jdbi.useHandle(handle ->
                handle.createUpdate("""
                        insert into domains (name, app_id) values (:domain, :app) on conflict (name) do nothing
                        """).bind("domain", domain).bind("app", app).execute());
    }

    boolean removeDomain(int app, String domain) {
        return jdbi.withHandle(
                handle -> handle.createUpdate("delete from domains where name = :domain and app_id = :app")
                                .bind("domain", domain)
                                .bind("app", app)
                                .execute()
                        > 0);
    }

    /** What the user asked for, by process type. */
    Map<String, InstanceRange> scale(int app) {
        return jdbi.withHandle(handle -> handle.createQuery(
                        "select process, count, coalesce(count_max, count) from formation where app_id = :app")
                .bind("app", app)
                .reduceRows(new HashMap<String, InstanceRange>(), (ranges, row) -> {
                    ranges.put(
                            row.getColumn(1, String.class),
                            new InstanceRange(
                                    row.getColumn(2, Integer.class),
                                    row.getColumn(3, Integer.class),
                                    Optional.empty(),
                                    Optional.empty()));
                    return ranges;
                }));
    }

    /** @param ranges empty: what the manifest says counts again */
    void setScale(int app, Map<String, Optional<InstanceRange>> ranges) {
        jdbi.useTransaction(handle -> ranges.forEach((process, range) -> {
            handle.createUpdate("delete from formation where app_id = :app and process = :process")
                    .bind("app", app)
                    .bind("process", process)
                    .execute();
            range.ifPresent(asked -> handle.createUpdate("""
                            insert into formation (app_id, process, count, count_max)
                            values (:app, :process, :count, :max)
                            """)
                    .bind("app", app)
                    .bind("process", process)
                    .bind("count", asked.min())
                    .bind("max", asked.scales() ? asked.max() : null)
                    .execute());
        }));
    }
}
