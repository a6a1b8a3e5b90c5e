package dev.stoa.platform.resource;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Nearest;
import dev.stoa.api.StoaException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How much of the machine a database may use. */
enum DatabasePlan {
    SMALL(32, 4, 32, 50, 128),
    MEDIUM(256, 8, 64, 100, 1024),
    LARGE(1024, 16, 256, 200, 4096),
    XLARGE(4096, 32, 1024, 400, 16_384);

    private final int sharedBuffersMegabytes;
    private final int workMegabytes;
    private final int maintenanceMegabytes;
    private final int connectionsMax;
    private final int cacheMegabytes;

    DatabasePlan(
            int sharedBuffersMegabytes,
            int workMegabytes,
            int maintenanceMegabytes,
            int connectionsMax,
            int cacheMegabytes) {
        this.sharedBuffersMegabytes = sharedBuffersMegabytes;
        this.workMegabytes = workMegabytes;
        this.maintenanceMegabytes = maintenanceMegabytes;
        this.connectionsMax = connectionsMax;
        this.cacheMegabytes = cacheMegabytes;
    }

    static DatabasePlan named(String name) {
        List<String> names = Arrays.stream(values()).map(DatabasePlan::word).toList();
        return Arrays.stream(values())
                .filter(plan -> plan.word().equals(name))
                .findFirst()
                .orElseThrow(() -> new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "there is no plan \"%s\" for databases".formatted(name),
                        Nearest.of(name, names)
                                        .map("did you mean \"%s\"? "::formatted)
                                        .orElse("") + "the plans are " + String.join(", ", names)));
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** How many sessions clients share: half of them, so that the others are there for who needs one of his own. */
    int pooledSessions() {
        return connectionsMax / 2;
    }

    /**
     * What PostgreSQL is told. That the processes wait five minutes between looks is for the platform's own data; these get
     * the defaults of PostgreSQL.
     */
    PostgresSettings settings() {
        return new PostgresSettings(
                0,
                sharedBuffersMegabytes,
                connectionsMax,
                Map.of(
                        "work_mem", workMegabytes + "MB",
                        "maintenance_work_mem", maintenanceMegabytes + "MB",
                        "effective_cache_size", cacheMegabytes + "MB",
                        "autovacuum_naptime", "1min",
                        "max_worker_processes", "8",
                        "max_wal_size", Math.max(256, sharedBuffersMegabytes) + "MB",
                        "shared_preload_libraries", "pg_stat_statements",
                        "pg_stat_statements.max", "1000",
                        "track_io_timing", "on"));
    }
}
