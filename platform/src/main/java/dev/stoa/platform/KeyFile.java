package dev.stoa.platform;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Identity;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.List;
import tools.jackson.core.JacksonException;

/** The file in which a router keeps the certificates that it was told, with their keys: for its own user alone. */
final class KeyFile {
    private static final System.Logger LOG = System.getLogger(KeyFile.class.getName());

    private final Path file;

    /** @param domain of the platform, see {@link dev.stoa.api.IdentityEvent#domain} */
    record Content(String domain, List<Identity> identities) {
        static final Content NONE = new Content("", List.of());

        Content {
            identities = List.copyOf(identities);
        }
    }

    KeyFile(Path file) {
        this.file = file;
    }

    /** @throws StoaException if others can read it */
    Content read() {
        try {
            if (!Files.exists(file)) {
                return Content.NONE;
            }
            String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
            if (!mode.endsWith("------")) {
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "the private keys in %s can be read by others (%s)".formatted(file, mode),
                        "chmod 600 %s   or delete it: the platform tells the keys anew".formatted(file));
            }
            return Json.read(Files.readString(file), Content.class);
        } catch (IOException | JacksonException e) {
            LOG.log(Level.WARNING, "the certificates of the last time cannot be read and are not used file=" + file, e);
            return Content.NONE;
        }
    }

    synchronized void write(String domain, Collection<Identity> identities) {
        try {
            Files.createDirectories(file.getParent());
            // Files of this kind are made for the owner alone.
            Path draft =
                    Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new");
            Files.writeString(draft, Json.write(new Content(domain, List.copyOf(identities))));
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot keep the certificates file=" + file, e);
        }
    }
}
