package dev.stoa.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Languages whose toolchains stand in somebody's home, or in the system, from the command line to an answer. */
class LanguagesTest {
    private static final String RUST_SERVER = """
            use std::io::{Read, Write};
            fn main() {
                let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
                for stream in std::net::TcpListener::bind(("0.0.0.0", port)).unwrap().incoming() {
                    let mut stream = stream.unwrap();
                    let _ = stream.read(&mut [0; 4096]);
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nrust");
                }
            }
            """;

    private static Stoa stoa;

    @BeforeAll
    static void up() {
        stoa = Stoa.up();
    }

    @AfterAll
    static void down() {
        stoa.close();
    }

    @Test
    void aCrateIsCompiledAndAnswers() {
        needs("cargo", "cargo");
        Folder crate = Folder.empty()
                .with("Cargo.toml", "[package]\nname = \"crab\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
                .with("src/main.rs", RUST_SERVER);

        Stoa.Result deploy = stoa.ok("deploy", crate.toString(), "-a", "crab");

        assertThat(deploy.err() + deploy.out()).contains("web (bin/crab)");
        assertThat(stoa.get("crab", "/").body()).isEqualTo("rust");
    }

    @Test
    void pagesOfPhpAnswerAndHiddenFilesDoNot() {
        needs("php", "php-cli");
        Folder pages = Folder.empty()
                .with("index.php", "<?php echo 'php ', $_SERVER['REQUEST_URI'];")
                .with("secrets/.htpasswd", "x");

        stoa.ok("deploy", pages.toString(), "-a", "pages");

        assertThat(stoa.get("pages", "/a/b").body()).isEqualTo("php /a/b");
        assertThat(stoa.get("pages", "/secrets/.htpasswd").statusCode()).isEqualTo(404);
    }

    private static void needs(String program, String packages) {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":", -1))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
                "needs " + program + ": apt-get install " + packages);
    }
}
