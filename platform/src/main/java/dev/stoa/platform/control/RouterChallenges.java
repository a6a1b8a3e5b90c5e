package dev.stoa.platform.control;

import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.Challenges;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.ServerIdentity;

/** Proofs are shown where the requests for the host arrive. */
record RouterChallenges(Router router) implements Challenges {
    @Override
    public void answer(String token, String authorization) {
        router.answerProof(token, authorization);
    }

    @Override
    public void show(String host, CertificateChain proof) {
        router.showProof(host, new ServerIdentity(proof.certificates(), proof.key()));
    }

    @Override
    public void withdraw(String token, String host) {
        router.withdrawProof(token, host);
    }
}
