FROM python:3.14-slim AS build
WORKDIR /src
COPY requirements/production.lock requirements/production.lock
RUN python -m venv /opt/yilian && /opt/yilian/bin/pip install --no-cache-dir --require-hashes -r requirements/production.lock
COPY . .
RUN /opt/yilian/bin/pip install --no-cache-dir --no-deps .

FROM python:3.14-slim
# A named volume takes its owner from the folder it is mounted on.
RUN useradd --system --uid 10001 --home-dir /var/lib/yilian --create-home yilian \
    && install --directory --owner=yilian --mode=0700 /var/lib/yilian/data
COPY --from=build /opt/yilian /opt/yilian
ENV PATH=/opt/yilian/bin:$PATH YILIAN_DATA_DIR=/var/lib/yilian/data YILIAN_CONFIG=/etc/yilian/consortium.yaml
USER yilian
VOLUME /var/lib/yilian/data
ENTRYPOINT ["yilian"]
CMD ["up"]
