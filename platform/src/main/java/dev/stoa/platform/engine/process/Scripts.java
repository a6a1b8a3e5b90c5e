package dev.stoa.platform.engine.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;

/** The shell scripts that the engine ships in its jar, as files that a shell can run. */
record Scripts(Path shim, Path sandbox, Path exec) {
    /** Each version gets a file of its own: a shell reads its script as it goes, so a running one must not change. */
    static Scripts extract(Path directory) {
        try {
            Files.createDirectories(directory);
            return new Scripts(extract(directory, "shim"), extract(directory, "sandbox"), extract(directory, "exec"));
        } catch (IOException e) {
            throw new UncheckedIOException("could not write the engine's scripts to " + directory, e);
        }
    }

    private static Path extract(Path directory, String name) throws IOException {
        byte[] content;
        try (InputStream in = Objects.requireNonNull(Scripts.class.getResourceAsStream(name + ".sh"))) {
            content = in.readAllBytes();
        }
        Path file = directory.resolve(name + "-" + fingerprint(content) + ".sh");
        if (!Files.exists(file)) {
            Path fresh = directory.resolve(name + ".new");
            Files.write(fresh, content);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }

    /** The first 12 hex digits of the SHA-256: enough to tell apart the versions of a file. */
    static String fingerprint(String text) {
        return fingerprint(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String fingerprint(byte[] content) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content))
                    .substring(0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
