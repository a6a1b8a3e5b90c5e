package dev.stoa.platform.source.git;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;

/** The keys of SSH servers, in OpenSSH's format. A server that is met for the first time is trusted, and remembered. */
final class KnownHosts {
    private final Path file;
    private final ReentrantLock lock = new ReentrantLock();

    KnownHosts(Path file) {
        this.file = file;
    }

    Path file() {
        return file;
    }

    /** {@code host}, or {@code [host]:port} for another port than SSH's own. */
    static String name(String host, int port) {
        String bare = host.replaceAll("[\\[\\]]", "");
        return port == 0 || port == 22 ? bare : "[%s]:%d".formatted(bare, port);
    }

    List<PublicKey> keys(String name) {
        return lines(name).flatMap(line -> key(line).stream()).toList();
    }

    /** Whether the key is the host's, as far as anybody knows; that of a new host is from now on. */
    boolean accept(String name, PublicKey key) {
        lock.lock();
        try {
            List<PublicKey> known = keys(name);
            if (known.isEmpty()) {
                remember(name, key);
                return true;
            }
            return known.stream().anyMatch(one -> KeyUtils.compareKeys(one, key));
        } finally {
            lock.unlock();
        }
    }

    private void remember(String name, PublicKey key) {
        try {
            if (!Files.exists(file)) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
            Files.writeString(file, name + " " + PublicKeyEntry.toString(key) + "\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    private Stream<String> lines(String name) {
        try {
            return Files.readAllLines(file).stream()
                    .map(String::strip)
                    .filter(line -> line.startsWith(name + " "))
                    .map(line -> line.substring(name.length() + 1).strip());
        } catch (NoSuchFileException e) {
            return Stream.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private static Optional<PublicKey> key(String line) {
        try {
            return Optional.ofNullable(PublicKeyEntry.parsePublicKeyEntry(line)
                    .resolvePublicKey(null, Map.of(), PublicKeyEntryResolver.IGNORING));
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static String fingerprint(PublicKey key) {
        return String.valueOf(KeyUtils.getFingerPrint(key));
    }
}
