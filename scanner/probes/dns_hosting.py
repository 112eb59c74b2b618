"""Names under which hosting services give addresses to their customers: a record that still points below one of them after the contract
ended can be taken over by the next customer who asks for the same label. Data only."""

from __future__ import annotations

HOSTED: dict[str, str] = {
    "azure-api.net": "Azure API Management",
    "azurecontainer.io": "Azure Container Instances",
    "azurecr.io": "Azure Container Registry",
    "azureedge.net": "Azure CDN",
    "azurefd.net": "Azure Front Door",
    "azurewebsites.net": "Azure App Service",
    "blob.core.windows.net": "Azure Blob Storage",
    "cloudapp.azure.com": "Azure virtual machines",
    "cloudapp.net": "Azure Cloud Services",
    "trafficmanager.net": "Azure Traffic Manager",
    "web.core.windows.net": "Azure Static Websites",
    "elasticbeanstalk.com": "AWS Elastic Beanstalk",
    "elb.amazonaws.com": "AWS Elastic Load Balancing",
    "s3.amazonaws.com": "Amazon S3",
    "s3-website-ap-northeast-1.amazonaws.com": "Amazon S3",
    "s3-website.ap-northeast-3.amazonaws.com": "Amazon S3",
    "cloudfront.net": "Amazon CloudFront",
    "awsapprunner.com": "AWS App Runner",
    "herokuapp.com": "Heroku",
    "herokudns.com": "Heroku",
    "herokussl.com": "Heroku",
    "github.io": "GitHub Pages",
    "gitlab.io": "GitLab Pages",
    "netlify.app": "Netlify",
    "vercel.app": "Vercel",
    "pages.dev": "Cloudflare Pages",
    "workers.dev": "Cloudflare Workers",
    "firebaseapp.com": "Firebase Hosting",
    "web.app": "Firebase Hosting",
    "appspot.com": "Google App Engine",
    "run.app": "Google Cloud Run",
    "myshopify.com": "Shopify",
    "wpengine.com": "WP Engine",
    "zendesk.com": "Zendesk",
    "fastly.net": "Fastly",
    "edgekey.net": "Akamai",
    "edgesuite.net": "Akamai",
    "kintoneapp.com": "kintone",
    "cybozu.com": "cybozu.com",
    "sakura.ne.jp": "SAKURA internet",
    "xsrv.jp": "Xserver",
}
"""Suffix → service. Remembered public knowledge; it only names the danger of a target that does not exist, it decides nothing."""


def service_of(name: str) -> str:
    """Name the service under whose suffix a name stands, or give an empty text."""
    labels = name.split(".")
    for start in range(1, len(labels)):
        service = HOSTED.get(".".join(labels[start:]))
        if service:
            return service
    return ""
