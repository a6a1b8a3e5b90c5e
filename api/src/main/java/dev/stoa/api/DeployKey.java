package dev.stoa.api;

import java.time.Instant;

/**
 * The key with which the platform reads an app's repository over SSH.
 *
 * @param publicKey   as a forge takes it: {@code ssh-ed25519 AAAA… stoa-shop}
 * @param fingerprint as a forge shows it: {@code SHA256:…}
 */
public record DeployKey(String app, String publicKey, String fingerprint, Instant createdAt) {}
