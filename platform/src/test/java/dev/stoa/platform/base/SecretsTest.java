package dev.stoa.platform.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stoa.api.StoaException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
    private static final byte[] PLAIN = "a password".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path temp;

    @Test
    void whatIsSealedIsOpenedByTheSameKeyFile() {
        byte[] sealed = Secrets.open(temp.resolve("key")).seal(PLAIN);

        assertThat(Secrets.open(temp.resolve("key")).open(sealed)).isEqualTo(PLAIN);
        assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("password");
    }

    @Test
    void nothingIsTooShortToSeal() {
        Secrets secrets = Secrets.open(temp.resolve("key"));

        assertThat(secrets.open(secrets.seal(new byte[0]))).isEmpty();
    }

    @Test
    void equalValuesDoNotLookEqual() {
        Secrets secrets = Secrets.open(temp.resolve("key"));

        assertThat(secrets.seal(PLAIN)).isNotEqualTo(secrets.seal(PLAIN));
    }

    @Test
    void anotherKeyDoesNotOpenIt() {
        byte[] sealed = Secrets.open(temp.resolve("key")).seal(PLAIN);

        assertThatThrownBy(() -> Secrets.open(temp.resolve("another")).open(sealed))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("sealed with another key, or changed since");
    }

    @Test
    void aChangeOfAnyByteIsNoticed() {
        Secrets secrets = Secrets.open(temp.resolve("key"));
        byte[] sealed = secrets.seal(PLAIN);

        for (int i = 0; i < sealed.length; i++) {
            byte[] changed = sealed.clone();
            changed[i] ^= 1;
            assertThatThrownBy(() -> secrets.open(changed)).isInstanceOf(StoaException.class);
        }
        assertThatThrownBy(() -> secrets.open(new byte[3])).isInstanceOf(StoaException.class);
    }

    @Test
    void theKeyIsForTheOwnersEyesOnly() throws Exception {
        Path key = temp.resolve("key");
        Secrets.open(key);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");

        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> Secrets.open(key))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("can be read by others");
    }

    @Test
    void aTruncatedKeyFileIsRefusedAndKept() throws Exception {
        Path key = temp.resolve("key");
        Files.write(key, new byte[7]);

        assertThatThrownBy(() -> Secrets.open(key))
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("has 7 bytes");
        assertThat(Files.size(key)).isEqualTo(7);
    }
}
