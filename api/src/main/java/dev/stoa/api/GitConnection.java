package dev.stoa.api;

import java.time.Instant;
import java.util.Optional;

/**
 * The repository whose pushes deploy an app.
 *
 * @param url         without the credentials that it may have
 * @param branch      absent: the one that the forge calls the default
 * @param webhookPath where the forge sends its events, below the platform's URL
 * @param webhookSecret signs them
 * @param deployKey   the public key with which the platform reads over SSH
 */
public record GitConnection(
        String app,
        String url,
        Optional<String> branch,
        String webhookPath,
        String webhookSecret,
        String deployKey,
        Instant connectedAt) {}
