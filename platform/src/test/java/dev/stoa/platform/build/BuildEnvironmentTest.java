package dev.stoa.platform.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class BuildEnvironmentTest {
    @Test
    void onlyWhatReachesTheNetworkIsPassedOn() {
        Map<String, String> environment = Map.of(
                "https_proxy", "http://proxy:3128",
                "NO_PROXY", "localhost",
                "SSL_CERT_FILE", "/etc/ssl/cert.pem",
                "PIP_INDEX_URL", "https://mirror/simple",
                "NPM_CONFIG_REGISTRY", "https://mirror/npm",
                "PIP_TARGET", "/somewhere",
                "npm_config_prefix", "/somewhere",
                "STOA_TOKEN", "secret",
                "DATABASE_URL", "postgres://secret",
                "PATH", "/opt/tools/bin");

        assertThat(BuildEnvironment.network(environment))
                .containsOnlyKeys("https_proxy", "NO_PROXY", "SSL_CERT_FILE", "PIP_INDEX_URL", "NPM_CONFIG_REGISTRY");
    }
}
