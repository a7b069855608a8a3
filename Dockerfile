# Builds the virtual environment; pip and the build backend stay behind in this stage.
FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/cds
COPY requirements.txt ./
RUN /opt/cds/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY cards cards
COPY fhir_fixtures fhir_fixtures
COPY cds_service cds_service
RUN /opt/cds/bin/pip install --no-cache-dir --no-deps . \
    && /opt/cds/bin/python -m compileall -q /opt/cds \
    && /opt/cds/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim
COPY --from=build /opt/cds /opt/cds
ENV PATH=/opt/cds/bin:$PATH \
    PYTHONUNBUFFERED=1
# A number, not a name: Kubernetes can then tell that it is not root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
# It answers only when cards, value sets, registry and settings were read without fault. The image has no curl.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["cds-service"]
# Refuses to start until CDS_CLIENTS and CDS_PUBLIC_URL are set; for trying out without them, add --insecure.
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
