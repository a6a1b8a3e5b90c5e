-- The manifest of a build got more sections: [edge], [routing], and the resources.
update builds
set manifest = (manifest::jsonb || '{"edge": {"compress": [], "allow": [], "deny": [], "errors": {}, "redirects": [], "rewrites": [],
    "headers": {}, "accessLog": true, "trace": true}, "routing": {"sticky": false, "protocol": "HTTP_1_1"}, "resources": {"wishes": []}}'::jsonb)::text;
