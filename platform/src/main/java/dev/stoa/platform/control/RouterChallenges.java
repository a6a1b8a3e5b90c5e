package dev.stoa.platform.control;

import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.Challenges;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.ServerIdentity;

/** Proofs are shown where the requests for the host arrive: here, or at the routers in other processes. */
record RouterChallenges(Router router, IdentityDesk desk) implements Challenges {
    @Override
    public void answer(String token, String authorization) {
        router.answerProof(token, authorization);
        desk.answer(token, authorization);
    }

    @Override
    public void show(String host, CertificateChain proof) {
        router.showProof(host, new ServerIdentity(proof.certificates(), proof.key()));
        desk.show(host, proof);
    }

    @Override
    public void withdraw(String token, String host) {
        router.withdrawProof(token, host);
        desk.withdraw(token, host);
    }
}
