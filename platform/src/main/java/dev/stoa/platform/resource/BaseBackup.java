package dev.stoa.platform.resource;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;

/**
 * The files of a cluster as parts of an archive, in constant memory. A part is a row of files: path, then blocks of bytes each
 * with its length, then a length of 0; it ends with an empty path.
 */
final class BaseBackup {
    /** A part that has so much takes no further file; no file of PostgreSQL is larger than 1 GB. */
    private static final long PART_BYTES = 64L << 20;

    private static final int BLOCK_BYTES = 128 * 1024;

    /** pg_control may be rewritten while it is read. */
    private static final int CONTROL_READS_MAX = 100;

    private BaseBackup() {}

    /** Copies the files into the archive. PostgreSQL has been told that a backup goes on. */
    static List<BackupManifest.Part> write(Path data, List<String> files, BackupArchive archive, String id)
            throws IOException {
        List<BackupManifest.Part> parts = new ArrayList<>();
        Iterator<String> left = files.iterator();
        while (left.hasNext()) {
            String name = BackupArchive.part(id, parts.size());
            List<BackupManifest.Entry> entries = new ArrayList<>();
            archive.put(name, out -> writePart(data, left, new DataOutputStream(out), entries));
            parts.add(new BackupManifest.Part(name, entries));
        }
        return parts;
    }

    private static void writePart(
            Path data, Iterator<String> left, DataOutputStream out, List<BackupManifest.Entry> entries)
            throws IOException {
        long written = 0;
        while (left.hasNext() && written < PART_BYTES) {
            String path = left.next();
            try (InputStream in = opened(data, path)) {
                out.writeUTF(path);
                BackupManifest.Entry entry = copy(path, in, out);
                entries.add(entry);
                written += entry.sizeBytes();
            } catch (NoSuchFileException e) {
                // Dropped meanwhile; the log has it that it was.
            }
        }
        out.writeUTF("");
        out.flush();
    }

    private static InputStream opened(Path data, String path) throws IOException {
        Path file = data.resolve(path);
        return path.equals(ClusterFiles.CONTROL)
                ? new java.io.ByteArrayInputStream(control(file))
                : Files.newInputStream(file);
    }

    /** As it was at one moment. */
    static byte[] control(Path file) throws IOException {
        byte[] before = Files.readAllBytes(file);
        for (int reads = 1; reads < CONTROL_READS_MAX; reads++) {
            byte[] now = Files.readAllBytes(file);
            if (java.util.Arrays.equals(before, now)) {
                return now;
            }
            before = now;
        }
        throw new IOException("%s changes all the time".formatted(file));
    }

    private static BackupManifest.Entry copy(String path, InputStream in, DataOutputStream out) throws IOException {
        MessageDigest digest = sha256();
        byte[] block = new byte[BLOCK_BYTES];
        long size = 0;
        for (int count = in.readNBytes(block, 0, BLOCK_BYTES);
                count > 0;
                count = in.readNBytes(block, 0, BLOCK_BYTES)) {
            out.writeInt(count);
            out.write(block, 0, count);
            digest.update(block, 0, count);
            size += count;
        }
        out.writeInt(0);
        return new BackupManifest.Entry(path, size, HexFormat.of().formatHex(digest.digest()));
    }

    /** Writes the files of a backup into an empty folder; every one is compared with its checksum. */
    static void read(BackupArchive archive, BackupManifest manifest, Path data) throws IOException {
        DatabaseFolder.make(data);
        for (String directory : manifest.directories()) {
            DatabaseFolder.make(inside(data, directory));
        }
        for (BackupManifest.Part part : manifest.parts()) {
            try (DataInputStream in = new DataInputStream(archive.open(part.name()))) {
                readPart(in, part, data);
            } catch (NoSuchFileException e) {
                throw new IOException("%s is missing".formatted(part.name()), e);
            } catch (EOFException e) {
                throw new IOException("%s is damaged: it is cut short".formatted(part.name()), e);
            }
        }
    }

    private static void readPart(DataInputStream in, BackupManifest.Part part, Path data) throws IOException {
        for (BackupManifest.Entry entry : part.files()) {
            String path = in.readUTF();
            if (!path.equals(entry.path())) {
                throw new IOException(
                        "%s is damaged: it has %s where %s should be".formatted(part.name(), path, entry.path()));
            }
            MessageDigest digest = sha256();
            Path file = inside(data, path);
            try (OutputStream out = Files.newOutputStream(file)) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
                byte[] block = new byte[BLOCK_BYTES];
                for (int count = in.readInt(); count > 0; count = in.readInt()) {
                    if (count > BLOCK_BYTES) {
                        throw new IOException("%s is damaged: a block is too long".formatted(part.name()));
                    }
                    in.readFully(block, 0, count);
                    digest.update(block, 0, count);
                    out.write(block, 0, count);
                }
            }
            if (!HexFormat.of().formatHex(digest.digest()).equals(entry.sha256())) {
                throw new IOException(
                        "%s is damaged: %s does not have its checksum".formatted(part.name(), entry.path()));
            }
        }
        if (!in.readUTF().isEmpty() || in.read() >= 0) {
            throw new IOException("%s is damaged: it has more files than it should".formatted(part.name()));
        }
    }

    private static Path inside(Path data, String path) throws IOException {
        Path file = data.resolve(path).normalize();
        if (!file.startsWith(data) || file.equals(data)) {
            throw new IOException("a file of the backup leaves its folder: " + path);
        }
        return file;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
