package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;

/** Certificates as users make them. */
final class Certificates {
    private Certificates() {}

    /** One that vouches for itself. */
    static void make(String host, Path chain, Path key) throws IOException, InterruptedException {
        assumeTrue(run("openssl", "version") == 0, "needs OpenSSL: apt-get install openssl");
        String[] command = {
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            key.toString(),
            "-out",
            chain.toString(),
            "-days",
            "30",
            "-subj",
            "/CN=" + host,
            "-addext",
            "subjectAltName=DNS:" + host
        };
        assertThat(run(command)).isZero();
    }

    private static int run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        }
    }
}
