package dev.stoa.platform.build;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Which of the platform's own variables a build may see: those by which package managers reach the network. Everything
 * else, secrets of the platform included, stays outside.
 */
final class BuildEnvironment {
    static final String LANG = "C.UTF-8";
    static final String SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static final Set<String> ALLOWED = Set.of(
            "http_proxy",
            "https_proxy",
            "ftp_proxy",
            "all_proxy",
            "no_proxy",
            "ssl_cert_file",
            "ssl_cert_dir",
            "node_extra_ca_certs",
            "requests_ca_bundle",
            "curl_ca_bundle",
            "git_ssl_cainfo",
            "goproxy",
            "gonosumdb",
            "goprivate",
            "gosumdb",
            "uv_index_url",
            "uv_default_index",
            "uv_index",
            "uv_extra_index_url",
            "uv_find_links",
            "uv_http_timeout",
            "uv_native_tls",
            "yarn_npm_registry_server",
            "gonoproxy",
            "goinsecure",
            "gradle_opts",
            "deno_cert",
            "deno_tls_ca_store",
            "cargo_net_git_fetch_with_cli",
            "composer_cafile",
            "maven_opts",
            "maven_args");

    private static final Set<String> ALLOWED_PREFIXES = Set.of(
            "pip_",
            "npm_config_",
            "poetry_repositories_",
            "poetry_http_",
            "cargo_http_",
            "cargo_registries_",
            "cargo_source_",
            "bundle_mirror__",
            "bundle_ssl_");

    /** They say where to install or to cache, which is for the build to say. */
    private static final Set<String> REFUSED = Set.of(
            "pip_cache_dir",
            "pip_no_cache_dir",
            "pip_prefix",
            "pip_root",
            "pip_target",
            "pip_user",
            "pip_require_virtualenv",
            "npm_config_cache",
            "npm_config_global",
            "npm_config_globalconfig",
            "npm_config_local_prefix",
            "npm_config_prefix",
            "npm_config_userconfig");

    private BuildEnvironment() {}

    static Map<String, String> network(Map<String, String> environment) {
        Map<String, String> allowed = new HashMap<>();
        environment.forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            boolean wanted =
                    ALLOWED.contains(lower) || ALLOWED_PREFIXES.stream().anyMatch(lower::startsWith);
            if (wanted && !REFUSED.contains(lower)) {
                allowed.put(name, value);
            }
        });
        return allowed;
    }
}
