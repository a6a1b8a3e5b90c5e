package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stoa.api.StoaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds Rust apps with this machine's cargo and the registry. */
class RustBuildpackTest {
    private static final String MANIFEST = """
            [package]
            name = "shop"
            version = "0.1.0"
            edition = "2021"

            [dependencies]
            itoa = "1"
            """;

    /** As small as a server can be, since its dependencies are compiled in the test. */
    private static final String SERVER = """
            use std::io::{Read, Write};
            fn main() {
                let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
                let listener = std::net::TcpListener::bind(("0.0.0.0", port)).unwrap();
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let _ = stream.read(&mut [0; 1024]);
                    let body = format!("one {}", itoa::Buffer::new().format(42));
                    let _ = write!(stream, "HTTP/1.1 200 OK\\r\\nContent-Length: {}\\r\\nConnection: close\\r\\n\\r\\n{}", body.len(), body);
                }
            }
            """;

    @TempDir
    Path dir;

    private Workshop workshop;

    @BeforeEach
    void workshop() throws Exception {
        assumeTrue(Programs.present("cargo"), "needs cargo: apt-get install cargo");
        workshop = new Workshop(dir.toRealPath());
    }

    @Test
    void aCrateRunsAndOldFilesOfANewVersionAreCompiledAgain() throws Exception {
        workshop.build(workshop.source(Map.of("Cargo.toml", MANIFEST, "src/main.rs", SERVER)));
        assertThat(workshop.output)
                .contains("-----> Rust detected", "-----> Running cargo build --release")
                .anyMatch(line -> line.contains("Compiling itoa"));

        Path second = workshop.source(Map.of("Cargo.toml", MANIFEST, "src/main.rs", SERVER.replace("one", "two")));
        Files.setLastModifiedTime(second.resolve("src/main.rs"), FileTime.fromMillis(0));
        Slug slug = workshop.build(second);

        assertThat(workshop.output).noneMatch(line -> line.contains("Compiling itoa"));
        assertThat(slug.processes()).isEqualTo(Map.of("web", "bin/shop"));
        assertThat(second.resolve("target/release/shop")).isExecutable();
        try (Serving app = Serving.of(workshop, slug)) {
            assertThat(app.get("/").body()).isEqualTo("two 42");
        }
    }

    @Test
    void theProgramThatRunsByDefaultIsTheWebProcess() throws Exception {
        Slug slug = workshop.build(workshop.source(Map.of(
                "Cargo.toml",
                        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\ndefault-run = \"serve\"\n",
                "src/bin/serve.rs", "fn main() {}",
                "src/bin/import.rs", "fn main() {}")));

        assertThat(slug.processes()).isEqualTo(Map.of("web", "bin/serve"));
        assertThat(slug.root().resolve("bin/import")).isExecutable();
    }

    @Test
    void aLockFileThatDoesNotFitStopsTheBuild() {
        Path source = workshop.source(Map.of(
                "Cargo.toml", MANIFEST,
                "Cargo.lock", "version = 3\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n",
                "src/main.rs", SERVER));

        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(source));

        assertThat(error.message()).startsWith("cargo build --release --locked failed with exit status");
        assertThat(workshop.output).anyMatch(line -> line.contains("lock file"));
    }

    @Test
    void aLibraryIsNoApp() {
        Path source = workshop.source(Map.of(
                "Cargo.toml",
                "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
                "src/lib.rs",
                ""));

        StoaException error = catchThrowableOfType(StoaException.class, () -> workshop.build(source));

        assertThat(error.message()).isEqualTo("cargo build made no program: Cargo.toml has no binary target");
    }
}
