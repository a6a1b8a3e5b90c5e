package dev.stoa.platform.resource;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The files of a running cluster that a copy needs, as the manual's chapter on the low-level backup API has it.
 *
 * @param directories parents first, those included whose content is left out
 * @param files       {@code global/pg_control} last
 */
record ClusterFiles(List<String> directories, List<String> files) {
    static final String CONTROL = "global/pg_control";
    static final String LABEL = "backup_label";

    /** Their content belongs to the running server, or is copied otherwise. */
    private static final Set<String> EMPTIED = Set.of(
            "pg_wal",
            "pg_replslot",
            "pg_dynshmem",
            "pg_notify",
            "pg_serial",
            "pg_snapshots",
            "pg_stat_tmp",
            "pg_subtrans");

    private static final Set<String> LEFT_OUT = Set.of(
            "postmaster.pid",
            "postmaster.opts",
            LABEL,
            LABEL + ".old",
            "tablespace_map",
            "backup_manifest",
            "current_logfiles",
            "recovery.signal",
            "standby.signal",
            CONTROL);

    ClusterFiles {
        directories = List.copyOf(directories);
        files = List.copyOf(files);
    }

    static ClusterFiles of(Path data) throws IOException {
        List<String> directories = new ArrayList<>();
        List<String> files = new ArrayList<>();
        Files.walkFileTree(data, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                String name = data.relativize(directory).toString();
                if (name.isEmpty()) {
                    return FileVisitResult.CONTINUE;
                }
                if (directory.getFileName().toString().startsWith("pgsql_tmp")) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                directories.add(name);
                return EMPTIED.contains(name) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String name = data.relativize(file).toString();
                String last = file.getFileName().toString();
                if (attributes.isRegularFile()
                        && !LEFT_OUT.contains(name)
                        && !last.startsWith("pgsql_tmp")
                        && !last.startsWith("pg_internal.init")) {
                    files.add(name);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
                if (error instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw error;
            }
        });
        directories.add("pg_wal/archive_status");
        directories.add("pg_wal/summaries");
        files.add(CONTROL);
        return new ClusterFiles(directories, files);
    }
}
