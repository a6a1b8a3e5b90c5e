package dev.stoa.platform.resource;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a cluster may use.
 *
 * @param port                   0 for any that is free
 * @param sharedBuffersMegabytes PostgreSQL's own cache; the system's page cache stands behind it
 * @param more                   further lines of the configuration file, by name; they win
 */
public record PostgresSettings(int port, int sharedBuffersMegabytes, int connectionsMax, Map<String, String> more) {
    /** For the platform's own data, which is small. */
    public static final PostgresSettings SMALL = new PostgresSettings(0, 16, 50, Map.of());

    private static final int IO_METHOD_SINCE = 18;
    private static final int CLIENT_CHECK_SINCE = 14;

    public PostgresSettings {
        more = Map.copyOf(more);
        if (port < 0 || port > 65_535 || sharedBuffersMegabytes < 1 || connectionsMax < 1) {
            throw new IllegalArgumentException("port=%d sharedBuffersMegabytes=%d connectionsMax=%d"
                    .formatted(port, sharedBuffersMegabytes, connectionsMax));
        }
    }

    public PostgresSettings withPort(int another) {
        return new PostgresSettings(another, sharedBuffersMegabytes, connectionsMax, more);
    }

    PostgresSettings withMore(Map<String, String> lines) {
        Map<String, String> all = new TreeMap<>(more);
        all.putAll(lines);
        return new PostgresSettings(port, sharedBuffersMegabytes, connectionsMax, all);
    }

    /**
     * The configuration file. Processes that only help large databases are left out; {@code wal_level} is logical because a
     * change feed reads it, and a later change of it needs a restart.
     */
    String file(int actualPort, int major) {
        StringBuilder lines = new StringBuilder(common(actualPort));
        if (major >= CLIENT_CHECK_SINCE) {
            // A client that has gone takes its query with it.
            lines.append("client_connection_check_interval = 2s\n");
        }
        if (major >= IO_METHOD_SINCE) {
            lines.append("io_method = sync\nautovacuum_worker_slots = 2\n");
        }
        new TreeMap<>(more)
                .forEach((name, value) -> lines.append("%s = '%s'\n".formatted(name, value.replace("'", "''"))));
        return lines.toString();
    }

    private String common(int actualPort) {
        return """
                # Written by Stoa at every start.
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                max_connections = %d
                shared_buffers = %dMB
                huge_pages = off
                jit = off
                max_worker_processes = 2
                max_parallel_workers = 2
                max_parallel_maintenance_workers = 0
                max_logical_replication_workers = 0
                autovacuum_max_workers = 2
                autovacuum_naptime = 5min
                wal_level = logical
                min_wal_size = 32MB
                max_wal_size = 128MB
                password_encryption = scram-sha-256
                timezone = UTC
                log_timezone = UTC
                default_text_search_config = 'pg_catalog.english'
                log_min_messages = warning
                """.formatted(actualPort, connectionsMax, sharedBuffersMegabytes);
    }
}
